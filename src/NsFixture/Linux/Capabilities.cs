namespace NsFixture.Linux;

/// <summary>A set of capabilities (capabilities(7)).</summary>
internal readonly struct Capabilities(ulong bits)
{
    public bool Has(int capability) => (bits & (1UL << capability)) != 0;

    /// <summary>The effective set of the calling thread.</summary>
    public static unsafe Capabilities Effective()
    {
        var header = new CapHeader { version = CapabilityNumbers._LINUX_CAPABILITY_VERSION_3 };
        CapData* data = stackalloc CapData[2];
        if (Libc.Syscall(SyscallNumbers.CapGet, (nint)(&header), (nint)data, 0, 0, 0) != 0)
            throw LinuxException.Last("capget", "of this thread");
        return new Capabilities(data[0].effective | ((ulong)data[1].effective << 32));
    }
}
