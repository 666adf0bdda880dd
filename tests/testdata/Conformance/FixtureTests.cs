namespace Conformance;

public class ClassFixtureTests(ClassFixtureTests.Fixture fixture, ITestOutputHelper output) : IClassFixture<ClassFixtureTests.Fixture>
{
    [Fact]
    public void Sees_its_fixture() => output.WriteLine(fixture.State);

    [Fact]
    public void Sees_it_in_a_failure() => Assert.Fail(fixture.State);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sees_it_in_rows(int n) => output.WriteLine($"{n} {fixture.State}");

    [Fact(Skip = "skipped")]
    public void Is_skipped_with_a_fixture() => Assert.Fail("ran");

    public sealed class Fixture : IAsyncLifetime, IDisposable
    {
        private readonly IMessageSink sink;

        public Fixture(IMessageSink sink)
        {
            this.sink = sink;
            State = "constructed";
            sink.OnMessage(new DiagnosticMessage("fixture: constructed"));
        }

        public string State { get; private set; }

        public async LifetimeTask InitializeAsync()
        {
            await Task.Delay(1);
            State += ", initialized";
            sink.OnMessage(new DiagnosticMessage("fixture: initialized"));
        }

        public async LifetimeTask DisposeAsync()
        {
            await Task.Delay(1);
            sink.OnMessage(new DiagnosticMessage("fixture: disposed of, async"));
        }

        public void Dispose() => sink.OnMessage(new DiagnosticMessage("fixture: disposed of"));
    }
}

[CollectionDefinition("a shared collection")]
public class SharedCollection : ICollectionFixture<SharedFixture>, IClassFixture<SharedCollection.PerClass>
{
    public sealed class PerClass(SharedFixture shared)
    {
        public string Text { get; } = $"class fixture over {shared.Text}";
    }
}

public sealed class SharedFixture : IAsyncLifetime
{
    public string Text { get; private set; } = "collection fixture";

    public async LifetimeTask InitializeAsync()
    {
        await Task.Yield();
        Text += ", initialized";
    }

    public LifetimeTask DisposeAsync() => LifetimeTask.CompletedTask;
}

[Collection("a shared collection")]
public class SharedOneTests(SharedFixture shared, SharedCollection.PerClass own, ITestOutputHelper output)
{
    [Fact]
    public void Sees_both_fixtures() => output.WriteLine($"{shared.Text}; {own.Text}");

    [Fact]
    public void Fails_with_both() => Assert.Fail($"{shared.Text}; {own.Text}");
}

[Collection("a shared collection")]
public class SharedTwoTests(SharedFixture shared, ITestOutputHelper output)
{
    [Fact]
    public void Sees_the_collection_fixture() => output.WriteLine(shared.Text);
}

[Collection("a collection without a definition")]
public class UndefinedCollectionTests
{
    [Fact]
    public void Runs()
    {
    }
}

[CollectionDefinition("not in parallel", DisableParallelization = true)]
public class SequentialCollection;

[Collection("not in parallel")]
public class SequentialTests
{
    [Fact]
    public void Runs_alone()
    {
    }
}

public class ThrowingFixtureTests(ThrowingFixtureTests.Fixture fixture) : IClassFixture<ThrowingFixtureTests.Fixture>
{
    [Fact]
    public void Has_no_fixture() => Assert.Fail($"ran with {fixture}");

    [Fact]
    public void Has_none_either() => Assert.Fail($"ran with {fixture}");

    public sealed class Fixture
    {
        public Fixture() => throw new InvalidOperationException("no fixture today");
    }
}

public class ThrowingFixtureInitTests : IClassFixture<ThrowingFixtureInitTests.Fixture>
{
    [Fact]
    public void Has_an_uninitialized_fixture() => Assert.Fail("ran");

    public sealed class Fixture : IAsyncLifetime
    {
        public async LifetimeTask InitializeAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("no initialization today");
        }

        public LifetimeTask DisposeAsync() => throw new InvalidOperationException("no disposal either");
    }
}

public class TwoThrowingFixturesTests : IClassFixture<ThrowingFixtureTests.Fixture>, IClassFixture<ThrowingFixtureInitTests.Fixture>
{
    [Fact]
    public void Has_two_reasons() => Assert.Fail("ran");
}

public class ThrowingFixtureDisposeTests : IClassFixture<ThrowingFixtureDisposeTests.Fixture>
{
    [Fact]
    public void Passes_before_the_disposal()
    {
    }

    [Fact]
    public void Fails_before_the_disposal() => Assert.Fail("before");

    public sealed class Fixture : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("no disposal of a class fixture today");
    }
}

[CollectionDefinition("a collection that cannot be disposed of")]
public class UndisposableCollection : ICollectionFixture<UndisposableCollection.Fixture>
{
    public sealed class Fixture : IAsyncLifetime
    {
        public LifetimeTask InitializeAsync() => LifetimeTask.CompletedTask;

        public async LifetimeTask DisposeAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("no disposal of a collection fixture today");
        }
    }
}

[Collection("a collection that cannot be disposed of")]
public class UndisposableCollectionTests
{
    [Fact]
    public void Passes_before_the_disposal()
    {
    }
}

[CollectionDefinition("a collection that cannot be had")]
public class UnavailableCollection : ICollectionFixture<ThrowingFixtureTests.Fixture>;

[Collection("a collection that cannot be had")]
public class UnavailableCollectionTests
{
    [Fact]
    public void Has_no_collection_fixture() => Assert.Fail("ran");
}

public class UnknownFixtureTests(Version unknown)
{
    [Fact]
    public void Asks_for_what_is_not_there() => Assert.Fail($"ran with {unknown}");
}

public class TwoConstructorsTests
{
    public TwoConstructorsTests()
    {
    }

    public TwoConstructorsTests(ITestOutputHelper output) => output.WriteLine("second");

    [Fact]
    public void Has_two_constructors() => Assert.Fail("ran");
}

public class MisplacedCollectionFixtureTests : ICollectionFixture<SharedFixture>
{
    [Fact]
    public void Has_a_collection_fixture_on_a_class() => Assert.Fail("ran");
}
