namespace NsFixture;

/// <summary>
/// What an adapter's attribute asks for, in no framework's words: the sandbox, and how a class's tests use it.
/// </summary>
internal sealed record IsolationSettings(SandboxOptions Options, IsolationScope Scope, int MaxParallel)
{
    /// <summary>The settings' problems that are not the sandbox's; empty where there are none.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            var problems = new List<string>();
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
