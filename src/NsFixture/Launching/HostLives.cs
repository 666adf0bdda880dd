using System.Diagnostics;
using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// Pauses hosts, switches them off and on, as init does it. What belongs to a host is known by the network namespace of its
/// processes, so that programs which its programs have started, and left behind, are among them.
/// </summary>
internal sealed class HostLives(SandboxNetwork network, HostViews views, INetworkFollower follower)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly Dictionary<int, HashSet<(int Id, ulong Started)>> paused = [];
    private readonly HashSet<int> off = [];

    /// <summary>Throws unless the host is there and switched on.</summary>
    public void RequireOn(int host)
    {
        RequireThere(host);
        if (off.Contains(host))
            throw new SandboxException($"Host \"{network.NameOf(host)}\" is switched off: Reboot() it first.");
    }

    /// <summary>Throws unless programs may be started on the host.</summary>
    public void RequireRunning(int host)
    {
        RequireOn(host);
        if (paused.ContainsKey(host))
            throw new SandboxException($"Host \"{network.NameOf(host)}\" is paused, and nothing starts there: Resume() it first.");
    }

    /// <summary>Stops every process of a host. One that forks meanwhile is found in the next round; when a round finds nobody, all stand.</summary>
    public void Pause(int host)
    {
        RequireOther(host, nameof(VirtualHost.Pause));
        RequireOn(host);
        if (paused.ContainsKey(host))
            return;
        var stopped = new HashSet<(int Id, ulong Started)>();
        paused.Add(host, stopped);
        try
        {
            // What was stopped before is not ours to continue.
            Until(() => Signal(host, SignalNumbers.SIGSTOP, p => !p.IsStopped, p => stopped.Add((p.Id, p.Started))), host, "stop");
        }
        catch
        {
            Resume(host);
            throw;
        }
    }

    /// <summary>Continues what <see cref="Pause"/> has stopped.</summary>
    public void Resume(int host)
    {
        RequireOn(host);
        if (!paused.Remove(host, out var stopped))
            return;
        foreach (ProcessTable.Process process in ProcessTable.All())
            if (stopped.Contains((process.Id, process.Started)))
                _ = Libc.Kill(process.Id, SignalNumbers.SIGCONT);
    }

    /// <summary>Takes a host's power: first its links go down, so that not a packet tells of the end of its programs.</summary>
    public void Kill(int host)
    {
        RequireOther(host, nameof(VirtualHost.Kill));
        if (!off.Add(host))
            return;
        paused.Remove(host);
        network.SetLinks(host, up: false);
        Until(() => Signal(host, SignalNumbers.SIGKILL, _ => true, _ => { }), host, "end");
        network.EndSockets(host);
        follower.SwitchedOff(host);
    }

    /// <summary>Takes a host's power and gives it back: its network and its view of files are made anew; no program is started.</summary>
    public void Reboot(int host)
    {
        Kill(host);
        views.Forget(host);
        NetworkPlan current = network.Rebuild(host);
        off.Remove(host);
        follower.SwitchedOn(host, current);
    }

    /// <summary>Changes the network while it runs.</summary>
    /// <param name="host">The host that the change is made on; -1: none of them.</param>
    /// <param name="change">What is to be different.</param>
    public void Change(int host, PlanChange change)
    {
        bool isRemoval = host >= 0 && change.Hosts.Any(h => h.Index == host && h.IsRemoved);
        if (isRemoval && !network.IsContainer(host))
            Kill(host);
        else if (host >= 0)
            RequireOn(host);
        foreach (PlannedHost container in change.Hosts.Where(h => h is { IsContainer: true, IsRemoved: false }))
            network.RequireBundles(container);
        follower.Changing(change);
        NetworkPlan current;
        try
        {
            current = network.Change(change, isOff: off.Contains);
        }
        catch
        {
            follower.Unchanged();
            throw;
        }
        follower.Changed(change, current);
        views.NamesChanged(current);
        if (isRemoval)
            views.Forget(host);
    }

    private void RequireThere(int host)
    {
        if (network.IsRemoved(host))
            throw new SandboxException($"Host \"{network.NameOf(host)}\" has been removed from the network.");
    }

    private void RequireOther(int host, string what)
    {
        RequireThere(host);
        if (host == network.TestHost)
            throw new SandboxException($"{what}: host \"{network.NameOf(host)}\" is the one that the test itself and the sandbox run on: give the programs in question a host of their own.");
    }

    private bool Signal(int host, int signal, Func<ProcessTable.Process, bool> chosen, Action<ProcessTable.Process> told)
    {
        bool any = false;
        foreach (ProcessTable.Process process in ProcessTable.In(network.NamespaceOf(host)).Where(p => !p.HasEnded && chosen(p)))
        {
            any = true;
            told(process);
            _ = Libc.Kill(process.Id, signal);
        }
        return any;
    }

    // Signals take effect when the process is next scheduled.
    private void Until(Func<bool> round, int host, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (round())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
                throw new SandboxException($"The programs on host \"{network.NameOf(host)}\" did not all {what} within {Limit.TotalSeconds} s: one of them waits in the kernel, or the machine is overloaded.");
            Poller.Wait([], 1);
        }
    }
}
