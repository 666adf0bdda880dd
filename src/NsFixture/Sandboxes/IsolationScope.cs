namespace NsFixture;

/// <summary>How many tests share a sandbox.</summary>
public enum IsolationScope
{
    /// <summary>Every test case, each row of a theory included, has a sandbox of its own.</summary>
    PerTest,

    /// <summary>
    /// The isolated tests of a class share one sandbox, one process and one set of class fixtures, and run one after another
    /// in it. A test that ends the process fails, and so do those that had not run yet.
    /// </summary>
    PerClass,
}
