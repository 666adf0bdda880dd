using System.Globalization;
using NsFixture.Launching;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// What a test's process is told: which test, and what of NUnit's settings the test can see. The process builds the one method's
/// tests again and takes the one of the same name; of several of one name, that in the same place.
/// </summary>
internal sealed record TestPayload(string FixtureType, int MethodToken, string FullName)
{
    /// <summary>Which of the method's tests with this full name.</summary>
    public int Ordinal { get; init; }

    public string Id { get; init; } = "";

    public int Seed { get; init; }

    public int InitialSeed { get; init; }

    public string NamePattern { get; init; } = "";

    public string WorkDirectory { get; init; } = "";

    public Dictionary<string, string> Parameters { get; init; } = [];

    public static TestPayload Of(Test test) => new(Definition(test.TypeInfo!.Type).FullName!, test.Method!.MethodInfo.MetadataToken, test.FullName)
    {
        Ordinal = SameName(Scope(test), test).TakeWhile(t => t != test).Count(),
        Id = test.Id,
        Seed = test.Seed,
        InitialSeed = Randomizer.InitialSeed,
        NamePattern = TestNameGenerator.DefaultTestNamePattern,
        WorkDirectory = TestContext.CurrentContext.WorkDirectory,
        Parameters = TestContext.Parameters.Names.ToDictionary(n => n, n => TestContext.Parameters[n]!),
    };

    public byte[] Write() => new ByteWriter().String(FixtureType).Int32(MethodToken).String(FullName).Int32(Ordinal).String(Id).Int32(Seed)
        .Int32(InitialSeed).String(NamePattern).String(WorkDirectory).Strings([.. Parameters.SelectMany(p => new[] { p.Key, p.Value })]).Written.ToArray();

    public static TestPayload Read(byte[] data)
    {
        var reader = new ByteReader(data);
        return new TestPayload(reader.Text(), reader.Int32(), reader.Text())
        {
            Ordinal = reader.Int32(), Id = reader.Text(), Seed = reader.Int32(), InitialSeed = reader.Int32(), NamePattern = reader.Text(),
            WorkDirectory = reader.Text(), Parameters = reader.Strings().Chunk(2).ToDictionary(p => p[0]!, p => p[1]!),
        };
    }

    /// <summary>The test, among those that its process has built.</summary>
    public Test Find(ITest root)
    {
        Test[] all = [.. Tests(root).Where(t => t.Method!.MethodInfo.MetadataToken == MethodToken).OrderBy(Number)];
        Test[] same = [.. all.Where(t => t.FullName == FullName)];
        Test found = Ordinal < same.Length ? same[Ordinal] : throw new SandboxException(
            $"In its sandbox, NUnit did not find the test \"{FullName}\" again, but {(all.Length == 0 ? "no test at all" : $"\"{string.Join("\", \"", all.Take(5).Select(t => t.FullName))}\"")}: " +
            "its cases must be the same, with the same names, each time that they are asked for. Random or changing cases need names of their own (SetName, TestName).");
        (found.Id, found.Seed) = (Id, Seed);
        return found;
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    // The fixtures of one class, where there are several, are beside each other.
    private static ITest Scope(ITest test)
    {
        ITest scope = test;
        while (scope.Parent is ParameterizedMethodSuite or TestFixture or ParameterizedFixtureSuite)
            scope = scope.Parent;
        return scope;
    }

    private static IEnumerable<Test> SameName(ITest scope, Test test) =>
        Tests(scope).Where(t => t.Method!.MethodInfo.MetadataToken == test.Method!.MethodInfo.MetadataToken && t.FullName == test.FullName).OrderBy(Number);

    private static IEnumerable<Test> Tests(ITest test) => test.IsSuite ? test.Tests.SelectMany(Tests) : [(Test)test];

    // NUnit numbers tests as it builds them, and sorts them later.
    private static int Number(Test test) => int.Parse(test.Id.AsSpan(test.Id.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);
}
