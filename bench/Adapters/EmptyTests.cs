// The same tests in each framework, a thing of a few aliases: three hundred that are empty and isolated, one after another.
#if NUNIT
global using TestAttribute = NUnit.Framework.TestAttribute;
global using TestClassAttribute = NUnit.Framework.TestFixtureAttribute;
global using NsFixture.NUnit;
#elif MSTEST
global using TestAttribute = Microsoft.VisualStudio.TestTools.UnitTesting.TestMethodAttribute;
global using Microsoft.VisualStudio.TestTools.UnitTesting;
global using NsFixture.MSTest;

[assembly: DoNotParallelize]
#else
global using TestAttribute = Xunit.FactAttribute;
global using TestClassAttribute = System.Diagnostics.CodeAnalysis.ExcludeFromCodeCoverageAttribute; // it has none
global using NsFixture.Xunit;

[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
#endif

[assembly: IsolatedNetwork]

namespace EmptyTests;

public abstract class Tests
{
    [Test]
    public void Test0() => Nothing();

    [Test]
    public void Test1() => Nothing();

    [Test]
    public void Test2() => Nothing();

    [Test]
    public void Test3() => Nothing();

    [Test]
    public void Test4() => Nothing();

    [Test]
    public void Test5() => Nothing();

    [Test]
    public void Test6() => Nothing();

    [Test]
    public void Test7() => Nothing();

    [Test]
    public void Test8() => Nothing();

    [Test]
    public void Test9() => Nothing();

    private static void Nothing()
    {
    }
}

[TestClass]
public class Class00 : Tests;

[TestClass]
public class Class01 : Tests;

[TestClass]
public class Class02 : Tests;

[TestClass]
public class Class03 : Tests;

[TestClass]
public class Class04 : Tests;

[TestClass]
public class Class05 : Tests;

[TestClass]
public class Class06 : Tests;

[TestClass]
public class Class07 : Tests;

[TestClass]
public class Class08 : Tests;

[TestClass]
public class Class09 : Tests;

[TestClass]
public class Class10 : Tests;

[TestClass]
public class Class11 : Tests;

[TestClass]
public class Class12 : Tests;

[TestClass]
public class Class13 : Tests;

[TestClass]
public class Class14 : Tests;

[TestClass]
public class Class15 : Tests;

[TestClass]
public class Class16 : Tests;

[TestClass]
public class Class17 : Tests;

[TestClass]
public class Class18 : Tests;

[TestClass]
public class Class19 : Tests;

[TestClass]
public class Class20 : Tests;

[TestClass]
public class Class21 : Tests;

[TestClass]
public class Class22 : Tests;

[TestClass]
public class Class23 : Tests;

[TestClass]
public class Class24 : Tests;

[TestClass]
public class Class25 : Tests;

[TestClass]
public class Class26 : Tests;

[TestClass]
public class Class27 : Tests;

[TestClass]
public class Class28 : Tests;

[TestClass]
public class Class29 : Tests;
