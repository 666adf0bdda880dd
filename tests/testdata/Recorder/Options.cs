namespace Recorder;

/// <summary>
/// ASSEMBLY RECORDING [--only PREFIX]… [--except PREFIX]… [--threads N] [--sequential] [--late-theories] [--serialize] [--stop-on-fail] [--explicit].
/// A prefix is of a test's full name: namespace, class, method.
/// </summary>
internal sealed class Options
{
    public Options(string[] args)
    {
        (Assembly, Recording) = (args[0], args[1]);
        for (int i = 2; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--only": only.Add(args[++i]); break;
                case "--except": except.Add(args[++i]); break;
                case "--threads": Threads = int.Parse(args[++i]); break;
                case "--sequential": Sequential = true; break;
                case "--late-theories": LateTheories = true; break;
                case "--serialize": Serialize = true; break;
                case "--stop-on-fail": StopOnFail = true; break;
                case "--explicit": Explicit = true; break;
                default: throw new ArgumentException($"unknown option {args[i]}");
            }
        }
    }

    private readonly List<string> only = [], except = [];

    public string Assembly { get; }

    public string Recording { get; }

    public int? Threads { get; }

    public bool Sequential { get; }

    public bool LateTheories { get; }

    public bool Serialize { get; }

    public bool StopOnFail { get; }

    /// <summary>Explicit tests are run too; xUnit.net v3 only.</summary>
    public bool Explicit { get; }

    public bool Chooses(string fullName) =>
        (only.Count == 0 || only.Exists(p => fullName.StartsWith(p, StringComparison.Ordinal))) &&
        !except.Exists(p => fullName.StartsWith(p, StringComparison.Ordinal));
}
