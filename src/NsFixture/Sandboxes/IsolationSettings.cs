namespace NsFixture;

/// <summary>
/// What an adapter's attribute asks for, in no framework's words: the sandbox, and how a class's tests use it.
/// </summary>
/// <param name="Options">The sandbox.</param>
/// <param name="Scope">How many tests share it.</param>
/// <param name="MaxParallel">How many of a class run at once.</param>
/// <param name="DeadlineProblem">What is wrong with NSFIXTURE_DEADLINE, where it counts; null: nothing.</param>
internal sealed record IsolationSettings(SandboxOptions Options, IsolationScope Scope, int MaxParallel, string? DeadlineProblem = null)
{
    /// <summary>The settings' problems that are not the sandbox's; empty where there are none.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            var problems = new List<string>();
            if (DeadlineProblem != null)
                problems.Add(DeadlineProblem);
            _ = EnvironmentSettings.Launcher(out string? launcherProblem);
            if (launcherProblem != null)
                problems.Add(launcherProblem);
            _ = EnvironmentSettings.Leaks(out string? leaksProblem);
            if (leaksProblem != null)
                problems.Add(leaksProblem);
            if (!Enum.IsDefined(Scope))
                problems.Add($"Scope = {(int)Scope} is unknown: use {string.Join(" or ", Enum.GetNames<IsolationScope>())}.");
            if (MaxParallel < 1)
                problems.Add($"MaxParallel = {MaxParallel} is not a number of tests: use 1 (one after another) or more.");
            if (MaxParallel > 1 && Scope == IsolationScope.PerClass)
                problems.Add($"MaxParallel = {MaxParallel} does not go with Scope = PerClass, whose tests share a process: leave one out.");
            return problems;
        }
    }
}
