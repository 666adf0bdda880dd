using NsFixture.Linux;

namespace NsFixture.Limiting;

/// <summary>A limit of the calling process's, which its children inherit (setrlimit(2)).</summary>
internal static unsafe class ResourceLimit
{
    /// <summary>Sets it, for good: nobody inside gets more.</summary>
    /// <exception cref="LinuxException">The user may not raise it that far.</exception>
    public static void Set(int resource, string what, long limit)
    {
        var both = new RLimit { rlim_cur = (ulong)limit, rlim_max = (ulong)limit };
        RLimit present;
        if (Libc.GetRLimit(resource, &present) == 0 && present.rlim_max < both.rlim_max)
            both.rlim_cur = both.rlim_max = present.rlim_max; // it is lower already
        if (Libc.SetRLimit(resource, &both) != 0)
            throw LinuxException.Last("setrlimit", $"{what} to {limit}");
    }
}
