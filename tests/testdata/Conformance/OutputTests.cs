namespace Conformance;

public class OutputTests(ITestOutputHelper output)
{
    [Fact]
    public void Lines() => Enumerable.Range(0, 20).ToList().ForEach(n => output.WriteLine($"line {n}"));

    [Fact]
    public void Formatted() => output.WriteLine("{0} and {1:X}", "text", 255);

    [Fact]
    public void Several_lines_at_once() => output.WriteLine("one\ntwo\r\nthree\n\n");

    [Fact]
    public void Unicode() => output.WriteLine("äöü ß \u4E16\u754C \U0001F600 e\u0301 \u202Ertl\u202C");

    [Fact]
    public void Odd_characters() => output.WriteLine("nul\0 bell\a esc\e[31m lone\uD800 low\uDC00 \uFFFE tab\t");

    [Fact]
    public void Empty() => output.WriteLine("");

    [Fact]
    public void Before_a_failure()
    {
        output.WriteLine("first this");
        Assert.Fail("then that");
    }

    [Fact]
    public void From_many_threads() => Parallel.For(0, 200, _ => output.WriteLine("a line"));

    [Fact]
    public void A_long_line() => output.WriteLine(new string('x', 300_000));

    [Fact]
    public async Task After_the_test_is_over()
    {
        output.WriteLine("in time");
        Task late = Task.Run(async () =>
        {
            await Task.Delay(20_000);
            output.WriteLine("too late");
        });
        await Task.Yield();
        Assert.False(late.IsCompleted);
    }

    [Fact]
    public void Without_a_test() => new TestOutputHelper().WriteLine("nobody hears it");
}

// In a plain run, lines that are written in pieces have others' lines within them.
[Collection("not in parallel")]
public class ConsoleTests(ITestOutputHelper output)
{
    [Fact]
    public void Lines()
    {
        Console.WriteLine("console <line ä \U0001F600>");
        Console.Write("console <");
        Console.Write('a');
        Console.Write(1.5);
        Console.Out.Write(['b', 'c']);
        Console.WriteLine("{0}>", "d");
    }

    [Fact]
    public async Task Async_lines()
    {
        await Console.Out.WriteLineAsync("console <async>");
        await Console.Out.FlushAsync();
    }

    [Fact]
    public void Errors() => Console.Error.WriteLine("console <error>");

    [Fact]
    public void Captured()
    {
        TextWriter before = Console.Out;
        var captured = new StringWriter();
        Console.SetOut(captured);
        Console.Write("captured");
        Console.SetOut(before);
        output.WriteLine(captured.ToString());
        Console.WriteLine("console <after capture>");
    }

    [Fact]
    public void Opened_anew()
    {
        using Stream stream = Console.OpenStandardOutput();
        stream.Write("console <raw stream>\n"u8);
    }

    [Fact]
    public void Input_is_at_its_end() => Assert.Null(Console.In.ReadLine());
}

public class HeavyOutputTests(ITestOutputHelper output)
{
    [Fact]
    public void A_hundred_megabytes()
    {
        string line = string.Concat(Enumerable.Range(0, 1000).Select(n => $"{n:0000000000}"));
        for (int i = 0; i < 10_000; i++)
            output.WriteLine(line);
    }

    [Fact]
    public void A_hundred_megabytes_on_the_console()
    {
        string line = string.Concat(Enumerable.Range(0, 1000).Select(n => $"{n:0000000000}"));
        for (int i = 0; i < 10_000; i++)
            Console.WriteLine(line);
    }
}
