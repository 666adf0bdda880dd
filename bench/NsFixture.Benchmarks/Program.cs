using System.Globalization;
using NsFixture.Benchmarks;

// dotnet run -c Release --project bench/NsFixture.Benchmarks -- CASE [--count N] [--json]
string? name = null;
int? count = null;
bool json = false;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--json":
            json = true;
            break;
        case "--count" when i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0:
            count = n;
            i++;
            break;
        case var other when name == null && !other.StartsWith('-'):
            name = other;
            break;
        default:
            return Usage($"\"{args[i]}\" is not understood here.");
    }
}
if (name == null)
    return Usage("Which case?");
if (!Cases.All.TryGetValue(name, out BenchmarkCase? benchmark))
    return Usage($"There is no case \"{name}\".");
foreach (Measurement measurement in await benchmark.Run(count ?? benchmark.DefaultCount))
    Console.WriteLine(json ? measurement.ToJson() : measurement.ToText());
return 0;

static int Usage(string problem)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine("Usage: NsFixture.Benchmarks CASE [--count N] [--json]");
    foreach (var (caseName, benchmark) in Cases.All)
        Console.Error.WriteLine($"  {caseName,-20} {benchmark.Summary} (count: {benchmark.DefaultCount})");
    return 2;
}
