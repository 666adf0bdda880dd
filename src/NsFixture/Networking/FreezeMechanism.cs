namespace NsFixture;

/// <summary>By what means the programs of a frozen host stand still.</summary>
/// <seealso cref="VirtualHost.Freeze"/>
public enum FreezeMechanism
{
    /// <summary>The freezer of a control group: nobody inside can tell.</summary>
    ControlGroup = 1,

    /// <summary>SIGSTOP, as with <see cref="VirtualHost.Pause"/>: no control group can be made here.</summary>
    Signals,
}
