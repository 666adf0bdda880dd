using System.Reflection;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>
/// What a test's process is told: which test, and what of MSTest's settings the test can see. The process asks the method's data
/// sources again, and takes the row that is shown by the same name; of several of one name, that in the same place.
/// </summary>
internal sealed record TestPayload(string TestClass, string MethodModule, int MethodToken)
{
    /// <summary>The test's, or the row's.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Which of the method's rows of this name.</summary>
    public int Ordinal { get; init; }

    /// <summary>MSTest's settings that are not as they are by default, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];

    /// <summary>Of the test's context.</summary>
    public IReadOnlyList<(string Name, string Value)> Properties { get; init; } = [];

    /// <summary>The classes of the test assembly that initialize or clean up for all of it.</summary>
    public IReadOnlyList<string> Fixtures { get; init; } = [];

    public static TestPayload Of(MethodInfo method, Type testClass) => new(testClass.FullName!, method.Module.Name, method.MetadataToken);

    public byte[] Write() => new ByteWriter().String(TestClass).String(MethodModule).Int32(MethodToken).String(DisplayName).Int32(Ordinal)
        .Strings(Flat(Settings)).Strings(Flat(Properties)).Strings([.. Fixtures]).Written.ToArray();

    public static TestPayload Read(byte[] data)
    {
        var reader = new ByteReader(data);
        return new TestPayload(reader.Text(), reader.Text(), reader.Int32())
        {
            DisplayName = reader.Text(), Ordinal = reader.Int32(), Settings = Pairs(reader.Strings()), Properties = Pairs(reader.Strings()), Fixtures = reader.Strings()!,
        };
    }

    /// <summary>The test's method, an inherited one too.</summary>
    public MethodInfo FindMethod(Type testClass) =>
        Array.Find(testClass.GetMethods(Isolation.AllMethods), m => m.MetadataToken == MethodToken && m.Module.Name == MethodModule)
        ?? throw new SandboxException($"In its sandbox, the test {DisplayName} was not found again: {TestClass} is another there. Rebuild the test project.");

    private static string[] Flat(IReadOnlyList<(string Name, string Value)> pairs) => [.. pairs.SelectMany(p => new[] { p.Name, p.Value })];

    private static (string, string)[] Pairs(string?[] flat) => [.. flat.Chunk(2).Select(p => (p[0]!, p[1]!))];
}
