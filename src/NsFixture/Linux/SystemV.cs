namespace NsFixture.Linux;

/// <summary>The System V IPC objects of the caller's IPC namespace.</summary>
internal static unsafe class SystemV
{
    /// <summary>
    /// Whether there are any, without reading of each: the kernel counts them (shmctl(2), semctl(2), msgctl(2): SHM_INFO's used_ids, SEM_INFO's semusz, MSG_INFO's msgpool). None where
    /// the kernel has no such objects.
    /// </summary>
    public static bool Any()
    {
        ShmInfo memory;
        SemInfo semaphores;
        MsgInfo queues;
        return (Libc.ShmCtl(0, ShmControl.SHM_INFO, &memory) >= 0 && memory.used_ids > 0)
            || (Libc.SemCtl(0, 0, SemControl.SEM_INFO, &semaphores) >= 0 && semaphores.semusz > 0)
            || (Libc.MsgCtl(0, MsgControl.MSG_INFO, &queues) >= 0 && queues.msgpool > 0);
    }
}
