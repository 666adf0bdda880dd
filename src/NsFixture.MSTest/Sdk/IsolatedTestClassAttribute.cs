using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NsFixture.MSTest.Sdk;

/// <summary>What MSTest sees in the test host in place of the <see cref="TestClassAttribute"/> of a class that has isolated tests.</summary>
internal sealed class IsolatedTestClassAttribute(TestClassAttribute own, Type testClass, string[] fixtures) : TestClassAttribute
{
    /// <summary>Called by MSTest for each test that it is about to run.</summary>
    public override TestMethodAttribute? GetTestMethodAttribute(TestMethodAttribute testMethodAttribute)
    {
        Isolation.LauncherOf(testClass).WarmUp();
        return own.GetTestMethodAttribute(testMethodAttribute) is { } attribute ? new IsolatedTestMethodAttribute(attribute, testClass, fixtures) : null;
    }
}
