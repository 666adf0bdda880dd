namespace NsFixture;

/// <summary>What puts a link's conditions into effect.</summary>
public enum LinkMechanism
{
    /// <summary>Nothing has to: the link is the kernel's own, without conditions.</summary>
    Kernel,

    /// <summary>The kernel limits the rate (tc-tbf(8)).</summary>
    TokenBucket,

    /// <summary>NsFixture's own emulator is the network's switch: a process of the sandbox, which decides by the topology's seed.</summary>
    Emulator,
}
