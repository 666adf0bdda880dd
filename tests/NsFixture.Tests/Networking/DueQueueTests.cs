using FluentAssertions;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>The emulator's memory: packets by time, buffers, addresses.</summary>
public class DueQueueTests
{
    [Fact]
    public void Packets_come_by_time_and_those_of_one_time_in_their_order()
    {
        var random = new Random(5);
        var queue = new DueQueue(10_000);
        (long Due, int Packet)[] added = [.. Enumerable.Range(0, 5000).Select(i => ((long)random.Next(500), i))];
        foreach (var (due, packet) in added)
            queue.Add(due, packet, Stage.Up, 3).Should().BeTrue();
        var taken = new List<(long, int)>();
        while (queue.Count > 0)
        {
            queue.NextDue.Should().BeGreaterThanOrEqualTo(taken.Count == 0 ? 0 : taken[^1].Item1);
            DueQueue.Entry entry = queue.Take();
            taken.Add((entry.Due, entry.Packet));
        }
        taken.Should().Equal(added.OrderBy(a => a.Due).ThenBy(a => a.Packet));
    }

    [Fact]
    public void A_full_queue_takes_nothing()
    {
        var queue = new DueQueue(2);
        queue.Add(1, 0, Stage.Up, 0).Should().BeTrue();
        queue.Add(1, 1, Stage.Up, 0).Should().BeTrue();
        queue.Add(1, 2, Stage.Up, 0).Should().BeFalse();
    }

    [Fact]
    public void Packets_follow_their_port_when_ports_get_other_numbers()
    {
        var queue = new DueQueue(10);
        for (int port = 0; port < 3; port++)
            queue.Add(port, port, Stage.Down, port);
        queue.Renumber([2, -1, 0]);
        ((int[])[queue.Take().Port, queue.Take().Port, queue.Take().Port]).Should().Equal(2, -1, 0);
    }

    [Fact]
    public void A_buffer_is_free_when_its_last_user_has_left()
    {
        var pool = new PacketPool(2, 100);
        int one = pool.Take();
        pool.Share(one);
        pool.Take().Should().Be(1);
        pool.Take().Should().Be(-1, "there are two");
        pool.Release(one);
        pool.Take().Should().Be(-1);
        pool.Release(one);
        pool.InUse.Should().Be(1);
        pool.Take().Should().Be(one);
    }

    [Fact]
    public void Keys_are_found_however_many_there_are()
    {
        var random = new Random(1);
        var table = new KeyTable();
        (ulong High, ulong Low)[] keys = [.. Enumerable.Range(0, 3000).Select(i => ((ulong)random.Next(3), (ulong)random.NextInt64()))];
        for (int i = 0; i < keys.Length; i++)
            table.Set(keys[i].High, keys[i].Low, i);
        table.Set(keys[7].High, keys[7].Low, 99);
        for (int i = 0; i < keys.Length; i++)
            table.Find(keys[i].High, keys[i].Low).Should().Be(i == 7 ? 99 : i);
        table.Find(4, keys[0].Low).Should().Be(-1);
        table.Clear();
        table.Find(keys[0].High, keys[0].Low).Should().Be(-1);
    }
}
