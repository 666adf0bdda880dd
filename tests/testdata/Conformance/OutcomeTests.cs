using System.Reflection;

namespace Conformance;

public class OutcomeTests
{
    [Fact]
    public void Passes()
    {
    }

    [Fact]
    public void Fails_an_assertion() => Assert.Equal(1, 2);

    [Fact]
    public void Fails_an_assertion_of_many_lines() => Assert.Equal(["one", "two\nlines", "three"], new List<string> { "one", "two\nLines" });

    [Fact]
    public void Fails_an_assertion_about_all() => Assert.All([1, 2, 3], n => Assert.True(n < 2, $"{n} is not below 2"));

    [Fact]
    public void Fails_several_at_once() => Assert.Multiple(() => Assert.Equal(1, 2), () => Assert.Null(""), () => { });

    [Fact]
    public void Throws() => throw new InvalidOperationException("no such thing");

    [Fact]
    public void Throws_from_deep_down() => Descend(20);

    [Fact]
    public void Throws_with_inner_exceptions()
    {
        try
        {
            Descend(2);
        }
        catch (Exception inner)
        {
            throw new InvalidOperationException("outer", new ArgumentException("middle", "parameter", inner));
        }
    }

    [Fact]
    public void Throws_several_at_once() =>
        throw new AggregateException("several",
            new InvalidOperationException("first", new FormatException("within the first")),
            new AggregateException(new ArgumentNullException("second"), new CustomException(7)));

    [Fact]
    public void Throws_an_exception_of_its_own() => throw new CustomException(42);

    [Fact]
    public void Throws_a_nested_generic_exception() => throw new Outer.Inner<Dictionary<string, int>>();

    [Fact]
    public void Throws_through_reflection() =>
        typeof(OutcomeTests).GetMethod(nameof(Descend), BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, [1]);

    [Fact]
    public void Throws_in_a_static_constructor() => Assert.Equal(0, Broken.Value);

    [Fact]
    public void Throws_a_null() => throw null!;

    [Fact]
    public void Throws_an_exception_without_a_message() => throw new CustomException(-1);

    [Fact]
    public void Throws_odd_characters() => throw new Exception("tab\t nul\0 bell\a lone\uD800 pair\U0001F600 line\r\nfeed\nend\u2028");

    [Fact]
    public void Throws_a_message_of_a_megabyte() => throw new Exception(new string('m', 1 << 20) + "end");

    [Fact]
    public void Throws_a_hundred_levels()
    {
        Exception? e = null;
        for (int i = 0; i < 100; i++)
            e = new InvalidOperationException($"level {i}", e);
        throw e!;
    }

    [Fact]
    public void Overflows_checked() => Assert.Equal(0, checked(int.MaxValue + Environment.TickCount64.CompareTo(-1)));

    [Fact]
    public void Divides_by_zero() => Assert.Equal(0, 1 / Zero);

    [Fact]
    public void Uses_a_null() => Assert.Equal(0, Nothing!.Length);

    private static int Zero => 0;

    private static string? Nothing => null;

    private static void Descend(int depth)
    {
        if (depth == 0)
            throw new TimeoutException("at the bottom");
        Descend(depth - 1);
    }

    private sealed class CustomException(int number) : Exception
    {
        public override string Message => number < 0 ? "" : $"the number is {number}";

        public override string? StackTrace => number < 0 ? null : base.StackTrace;
    }

    private static class Outer
    {
        public sealed class Inner<T> : Exception;
    }

    private static class Broken
    {
        public static readonly int Value = int.Parse("not a number");
    }
}
