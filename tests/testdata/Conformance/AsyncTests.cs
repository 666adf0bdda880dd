namespace Conformance;

public class AsyncTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_task_passes()
    {
        await Task.Delay(1);
        output.WriteLine("later");
    }

    [Fact]
    public async Task A_task_fails()
    {
        await Task.Yield();
        await Deeper();
    }

    [Fact]
    public async Task<int> A_task_with_a_result_passes()
    {
        await Task.Yield();
        return 1;
    }

    [Fact]
    public async ValueTask A_value_task_passes() => await Task.Yield();

    [Fact]
    public async ValueTask A_value_task_fails()
    {
        await Task.Delay(1);
        Assert.Fail("a value task");
    }

    [Fact]
    public async void A_void_passes()
    {
        await Task.Delay(1);
        output.WriteLine("async void");
    }

    [Fact]
    public async void A_void_fails()
    {
        await Task.Delay(1);
        Assert.Fail("async void");
    }

    [Fact]
    public Task A_faulted_task_fails() => Task.WhenAll(Task.FromException(new InvalidOperationException("one")), Task.FromException(new FormatException("two")));

    [Fact]
    public Task A_cancelled_task_fails() => Task.FromCanceled(new CancellationToken(canceled: true));

    [Fact]
    public Task A_null_task() => null!;

    [Fact]
    public Task A_task_that_is_not_started() => new(() => { });

    [Fact]
    public void A_blocking_wait_fails() => Task.Run(Deeper).Wait();

    [Fact(Timeout = 1000)]
    public async Task Runs_out_of_time()
    {
        output.WriteLine("waiting");
        await Task.Delay(20_000);
    }

    [Fact(Timeout = 20_000)]
    public async Task Is_in_time() => await Task.Delay(1);

    [Fact(Timeout = 20_000)]
    public async Task Fails_in_time()
    {
        await Task.Delay(1);
        Assert.Fail("in time");
    }

    [Fact(Timeout = 20_000)]
    public void A_timeout_on_what_is_not_async()
    {
    }

    private static async Task Deeper()
    {
        await Task.Delay(1);
        throw new InvalidOperationException("deep in a task");
    }
}
