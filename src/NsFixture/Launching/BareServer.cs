namespace NsFixture.Launching;

/// <summary>The fork server of a process that has sandboxes without isolated tests: one, made when the first is asked for.</summary>
internal static class BareServer
{
    private static readonly ServerSlot<ForkServer> Slot = new(StartAsync, server => server, retryFailures: true);

    /// <summary>The server; one that could not be started is tried again, and one that was lost once.</summary>
    /// <exception cref="SandboxUnavailableException">This machine allows no sandboxes; cause and remedy.</exception>
    public static Task<ForkServer> GetAsync() => Slot.GetAsync();

    private static async Task<ForkServer> StartAsync(bool again)
    {
        if (!OperatingSystem.IsLinux())
            throw new SandboxUnavailableException("Sandboxes need Linux: run this there, in WSL 2, or in a Linux container or dev container.");
        ForkServer started = ForkServer.Start(Application(), runnerType: null, again);
        await started.Ready.ConfigureAwait(false);
        return started;
    }

    /// <summary>
    /// The assembly whose dependencies and runtime this process runs with: the host lists the application's own dependency file
    /// first, also where a test host runs it by another name.
    /// </summary>
    public static string Application()
    {
        string? dependencies = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string)?.Split(';')[0];
        return dependencies is { Length: > 0 }
            ? dependencies.Replace(".deps.json", ".dll", StringComparison.Ordinal)
            : typeof(BareServer).Assembly.Location;
    }
}
