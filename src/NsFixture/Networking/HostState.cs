namespace NsFixture;

/// <summary>What a host of a running network is doing.</summary>
public enum HostState
{
    /// <summary>It runs.</summary>
    Running = 1,

    /// <summary>Its programs are stopped, by <see cref="VirtualHost.Pause"/>.</summary>
    Paused,

    /// <summary>Its programs are frozen, by <see cref="VirtualHost.Freeze"/>.</summary>
    Frozen,

    /// <summary>It is switched off, by <see cref="VirtualHost.Kill"/>.</summary>
    Off,

    /// <summary>It is no longer part of the network.</summary>
    Removed,
}
