using System.Reflection;

namespace Conformance;

[TestClass]
public class DataTests(TestContext context)
{
    public static IEnumerable<object?[]> Arrays => [[1, "one"], [2, null], [3, "three"]];

    public static IEnumerable<(int, string)> Tuples => [(1, "one"), (2, "two")];

    public static IEnumerable<object[]> Opaque => [[new Opaque(1)], [new Opaque(2)], [new Opaque(3)]];

    public static IEnumerable<TestDataRow<(int A, int B)>> Rows =>
    [
        new((1, 2)),
        new((2, 2)) { DisplayName = "two and two", TestCategories = ["pairs"] },
        new((3, 3)) { IgnoreMessage = "three" },
    ];

    [TestMethod]
    [DataRow(1, "one", true)]
    [DataRow(2, "two \"quoted\" \n line", false, DisplayName = "named")]
    [DataRow(3, null, true)]
    public void Takes_rows(int number, string? text, bool fine) => Assert.IsTrue(fine, $"{number} {text} {context.TestDisplayName}");

    [DataTestMethod]
    [DataRow(1)]
    [DataRow(1)] // the same once more
    public void Takes_the_same_row_twice(int n) => context.WriteLine($"{n} {context.TestDisplayName} {context.TestData![0]}");

    [TestMethod]
    [DataRow(1)]
    [DataRow(1, 5)]
    public void Has_an_optional_parameter(int a, int b = 7) => context.WriteLine($"{a} {b}");

    [TestMethod]
    [DataRow(1, "a", "b")]
    [DataRow(2)]
    public void Has_more_parameters(int a, params string[] more) => context.WriteLine($"{a} {string.Join(' ', more)}");

    [TestMethod]
    [DataRow(1L, 2.5, 'c', DayOfWeek.Friday, typeof(List<int>), new[] { 1, 2 })]
    public void Takes_all_types(long a, double b, char c, DayOfWeek d, Type e, int[] f) => context.WriteLine($"{a} {b} {c} {d} {e} {f.Length}");

    [TestMethod]
    [DynamicData(nameof(Arrays))]
    public void Takes_arrays(int n, string? text) => Assert.AreNotEqual(2, n, text);

    [TestMethod]
    [DynamicData(nameof(Tuples))]
    public void Takes_tuples(int n, string text) => context.WriteLine($"{n} {text} {context.TestData!.Length}");

    [TestMethod]
    [DynamicData(nameof(Opaque))]
    public void Takes_what_looks_the_same(Opaque value) => context.WriteLine($"{value.Number}");

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Takes_described_rows(int a, int b) => Assert.AreEqual(4, a + b, context.TestDisplayName);

    [TestMethod]
    [DynamicData(nameof(Arrays), DynamicDataDisplayName = nameof(NameOf))]
    public void Names_its_rows(int n, string? text) => context.WriteLine($"{n} {text} as {context.TestDisplayName}");

    [TestMethod(UnfoldingStrategy = TestDataSourceUnfoldingStrategy.Fold)]
    [DynamicData(nameof(Arrays))]
    [DataRow(4, "four")]
    public void Is_folded(int n, string? text) => Assert.AreNotEqual(2, n, text);

    [TestMethod(UnfoldingStrategy = TestDataSourceUnfoldingStrategy.Fold)]
    [DynamicData(nameof(Rows))]
    public void Is_folded_with_described_rows(int a, int b) => context.WriteLine($"{a} {b} {context.TestDisplayName}");

    [TestMethod]
    [DynamicData(nameof(Throwing))]
    public void Has_a_throwing_source(int n) => Assert.Fail($"{n}");

    [TestMethod]
    [Multiples(3)]
    public void Has_a_source_of_its_own(int n) => Assert.AreEqual(0, n % 2);

    [TestMethod]
    [DataRow(1, 2.5)]
    [DataRow("text", 'c')]
    public void Is_generic<TFirst, TSecond>(TFirst first, TSecond second) => Assert.Fail($"{typeof(TFirst)} {first} {typeof(TSecond)} {second}");

    public static string NameOf(MethodInfo method, object[] row) => $"{method.Name} of {row[0]}";

    private static IEnumerable<object[]> Throwing => throw new InvalidOperationException("no rows today");
}

public sealed class Opaque(int number)
{
    public int Number => number;
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class MultiplesAttribute(int of) : Attribute, ITestDataSource
{
    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) => Enumerable.Range(1, 3).Select(n => new object?[] { n * of });

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) => $"{methodInfo.Name}: {data![0]}";
}
