using NsFixture.Launching;

namespace NsFixture;

public sealed partial class VirtualHost
{
    /// <summary>What the host is doing.</summary>
    public HostState State { get; private set; } = HostState.Running;

    /// <summary>
    /// Stops all programs on this host, and those that they have started, in the middle of what they are doing (SIGSTOP). Its
    /// network goes on: the kernel still accepts connections and packets for them, and nobody answers. The test's own sockets on
    /// this host work as ever.
    /// </summary>
    /// <exception cref="SandboxException">It is the test's own host, is switched off, or has a program that does not stop.</exception>
    public void Pause()
    {
        init.Do(HostRequest.Pause, host.Index);
        State = HostState.Paused;
    }

    /// <summary>
    /// Freezes all programs on this host, and those that they have started, as <see cref="Pause"/> stops them, but so that nobody inside can tell: no parent is told that a child has stopped, and nobody can continue one
    /// (the freezer of control groups of version 2 or 1). Where no control group can be made, it does what <see cref="Pause"/> does, and says so.
    /// </summary>
    /// <returns>By what means they stand still.</returns>
    /// <exception cref="SandboxException">It is the test's own host, is switched off, or has a program that does not stop.</exception>
    public FreezeMechanism Freeze()
    {
        bool isGroup = init.Freeze(host.Index);
        State = HostState.Frozen;
        return isGroup ? FreezeMechanism.ControlGroup : FreezeMechanism.Signals;
    }

    /// <summary>Lets the programs go on that <see cref="Freeze"/> has stopped.</summary>
    /// <exception cref="SandboxException">The host is switched off.</exception>
    public void Thaw() => Resume();

    /// <summary>What the programs on this host have taken of the machine until now. A process that was killed for want of memory, and a fork that was refused, do not fail the test any more when this has told of it.</summary>
    /// <exception cref="SandboxException">Nothing counts it: the host has no limits of its own (<see cref="NodeDeclaration{TSelf}.WithLimits"/>), or none by a control group.</exception>
    public ResourceUsage Usage() => init.Usage(host.Index)
        ?? throw new SandboxException($"Nothing counts what host \"{Name}\" takes: declare it with limits of its own (WithLimits), and run the tests as a user who may make control groups.");

    /// <summary>Lets the programs go on that <see cref="Pause"/> or <see cref="Freeze"/> has stopped.</summary>
    /// <exception cref="SandboxException">The host is switched off.</exception>
    public void Resume()
    {
        init.Do(HostRequest.Resume, host.Index);
        State = HostState.Running;
    }

    /// <summary>
    /// Takes the host's power. Its links go down before its programs end, so that its peers are told nothing: no FIN, no reset. The
    /// test's own sockets on this host end as well: whoever waits on one, or uses it, gets a <see cref="System.Net.Sockets.SocketException"/>
    /// or an <see cref="ObjectDisposedException"/>. Nothing can be done on it before <see cref="Reboot"/>.
    /// </summary>
    /// <exception cref="SandboxException">It is the test's own host, or has a program that does not end.</exception>
    public void Kill()
    {
        init.Do(HostRequest.Kill, host.Index);
        State = HostState.Off;
        sockets.End();
    }

    /// <summary>
    /// Takes the host's power as <see cref="Kill"/> does, unless that has happened, and gives it back: its interfaces, addresses, routes
    /// and connection tracking are as declared, and its links are plugged in. No program is started again.
    /// </summary>
    /// <exception cref="SandboxException">It is the test's own host, or has a program that does not end.</exception>
    public void Reboot()
    {
        Kill();
        init.Do(HostRequest.Reboot, host.Index);
        State = HostState.Running;
    }
}
