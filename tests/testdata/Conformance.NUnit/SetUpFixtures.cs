namespace Conformance.Prepared
{
    [SetUpFixture]
    public class Preparation
    {
        public static string State { get; private set; } = "unprepared";

        [OneTimeSetUp]
        public void Prepare() => State = "prepared";

        [OneTimeTearDown]
        public void Clean() => State = "cleaned";
    }

    public class PreparedTests
    {
        [Test]
        public void Is_prepared() => Assert.That(Preparation.State, Is.EqualTo("prepared"));
    }
}

namespace Conformance.Unprepared
{
    [SetUpFixture]
    public class Preparation
    {
        [OneTimeSetUp]
        public void Prepare() => throw new InvalidOperationException("nothing is prepared today");
    }

    public class UnpreparedTests
    {
        [Test]
        public void Never_runs() => Assert.Fail("ran");
    }
}

namespace Conformance.Uncleaned
{
    [SetUpFixture]
    public class Preparation
    {
        [OneTimeTearDown]
        public void Clean() => throw new InvalidOperationException("nothing is cleaned today");
    }

    public class UncleanedTests
    {
        [Test]
        public void Passes_before()
        {
        }

        [Test]
        public void Fails_before() => Assert.Fail("in the test");
    }
}
