using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NsFixture;
using NsFixture.Xunit;
using Xunit;

namespace Victim;

/// <summary>Isolated tests that are short and many, two at once, each with something to leave behind.</summary>
[IsolatedNetwork(MaxParallel = 2)]
public class Endless
{
    public static IEnumerable<object[]> Many => Enumerable.Range(1, 5000).Select(n => new object[] { n });

    [Theory, MemberData(nameof(Many))]
    public void Makes_a_mess(int number)
    {
        File.WriteAllText($"/tmp/nsfixture-victim-{number}", "left");
        new TcpListener(IPAddress.Any, 5432).Start();
        if (number % 4 == 0)
            Detached.Start();
        Thread.Sleep(number % 20);
    }
}

/// <summary>Isolated tests that do nothing, and one that has a method compiled.</summary>
[IsolatedNetwork]
public class Idle
{
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Does_nothing(int number) => _ = number;

    [Fact]
    public void Has_a_method_compiled() => GC.KeepAlive(typeof(Idle).GetMethod(nameof(Name))!.MakeGenericMethod(typeof(DateTime)).Invoke(null, null));

    public static string Name<T>() => typeof(T).Name;
}

/// <summary>As many isolated tests as VICTIM_COUNT says, one after another; each notes when it starts.</summary>
[IsolatedNetwork]
public class Steady
{
    public static IEnumerable<object[]> Many => Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("VICTIM_COUNT") ?? "1", CultureInfo.InvariantCulture)).Select(n => new object[] { n });

    [Theory, MemberData(nameof(Many))]
    public void Listens(int number)
    {
        File.AppendAllText(Path.Combine(Environment.GetEnvironmentVariable("VICTIM_SIGNALS")!, "started"), (Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000.0)).ToString("0.000", CultureInfo.InvariantCulture) + "\n");
        using var listener = new TcpListener(IPAddress.Any, 1024 + number % 60000);
        listener.Start();
        using var client = new TcpClient("localhost", 1024 + number % 60000);
        Assert.True(client.Connected);
    }
}
