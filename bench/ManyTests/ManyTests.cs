using System.Globalization;
using NsFixture.Xunit;
using Xunit;

namespace ManyTests;

/// <summary>As many empty tests as MANYTESTS_COUNT says, shared out to four classes, which xUnit.net runs in parallel.</summary>
[IsolatedNetwork]
public abstract class Quarter
{
    private const int Classes = 4;

    protected static IEnumerable<object[]> Share(int part) =>
        Enumerable.Range(0, int.Parse(Environment.GetEnvironmentVariable("MANYTESTS_COUNT") ?? "4", CultureInfo.InvariantCulture))
            .Where(i => i % Classes == part).Select(i => new object[] { i });
}

public class First : Quarter
{
    public static IEnumerable<object[]> Rows => Share(0);

    [Theory, MemberData(nameof(Rows))]
    public void Empty(int number) => _ = number;
}

public class Second : Quarter
{
    public static IEnumerable<object[]> Rows => Share(1);

    [Theory, MemberData(nameof(Rows))]
    public void Empty(int number) => _ = number;
}

public class Third : Quarter
{
    public static IEnumerable<object[]> Rows => Share(2);

    [Theory, MemberData(nameof(Rows))]
    public void Empty(int number) => _ = number;
}

public class Fourth : Quarter
{
    public static IEnumerable<object[]> Rows => Share(3);

    [Theory, MemberData(nameof(Rows))]
    public void Empty(int number) => _ = number;
}
