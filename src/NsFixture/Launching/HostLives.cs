using System.Diagnostics;
using NsFixture.Limiting;
using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// Pauses hosts, switches them off and on, as init does it. What belongs to a host is known by the network namespace of its
/// processes, so that programs which its programs have started, and left behind, are among them.
/// </summary>
/// <param name="network">The hosts' networks.</param>
/// <param name="views">What their programs see.</param>
/// <param name="follower">Is told of changes.</param>
/// <param name="makeFreezer">Makes a control group to freeze a host's programs in; null: there can be none.</param>
internal sealed class HostLives(SandboxNetwork network, HostViews views, INetworkFollower follower, Func<int, Freezer?> makeFreezer)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly Dictionary<int, HashSet<(int Id, ulong Started)>> paused = [];
    private readonly Dictionary<int, Freezer> freezers = [];
    private readonly HashSet<int> frozen = [], off = [];

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
        if (frozen.Contains(host))
            throw new SandboxException($"Host \"{network.NameOf(host)}\" is frozen, and nothing starts there: Thaw() it first.");
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

    /// <summary>
    /// Freezes every process of a host in a control group; false: there can be none, and they are stopped. The group is frozen first: whoever gets in stands, and one that has forked meanwhile is found in the next round.
    /// </summary>
    public bool Freeze(int host)
    {
        RequireOther(host, nameof(VirtualHost.Freeze));
        RequireOn(host);
        if (frozen.Contains(host))
            return true;
        if (!freezers.TryGetValue(host, out Freezer? freezer))
        {
            if (paused.ContainsKey(host) || makeFreezer(host) is not { } made)
            {
                Pause(host);
                return false;
            }
            freezers.Add(host, freezer = made);
        }
        var inside = new HashSet<(int Id, ulong Started)>();
        frozen.Add(host);
        try
        {
            freezer.Set(frozen: true);
            Until(() => Gather(host, freezer, inside) || !freezer.IsFrozen, host, "freeze");
        }
        catch
        {
            Resume(host);
            throw;
        }
        return true;
    }

    /// <summary>Continues what <see cref="Pause"/> or <see cref="Freeze"/> has stopped.</summary>
    public void Resume(int host)
    {
        RequireOn(host);
        Thaw(host);
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
        Until(() =>
        {
            bool any = Signal(host, SignalNumbers.SIGKILL, _ => true, _ => { });
            Thaw(host); // in a group of version 1 nothing frozen ends
            return any;
        }, host, "end");
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

    private void Thaw(int host)
    {
        if (frozen.Remove(host))
            freezers[host].Set(frozen: false);
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

    // Whether anybody was still to be put in.
    private bool Gather(int host, Freezer freezer, HashSet<(int Id, ulong Started)> inside)
    {
        bool any = false;
        foreach (ProcessTable.Process process in ProcessTable.In(network.NamespaceOf(host)).Where(p => !p.HasEnded && inside.Add((p.Id, p.Started))))
        {
            any = true;
            freezer.Add(process.Id);
        }
        return any;
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
