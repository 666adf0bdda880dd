namespace Conformance;

[Trait("Level", "class")]
public class NameTests
{
    [Fact(DisplayName = "A name with spaces, \"quotes\" and \U0001F600")]
    public void Has_a_name() => Assert.Fail("to see the name");

    [Fact]
    [Trait("Level", "method")]
    [Trait("Level", "method again")]
    [Trait("Ünï", "çødé")]
    public void Has_traits()
    {
    }

    [Fact]
    [Slow(3)]
    public void Has_traits_of_an_attribute_of_the_project()
    {
    }

    [Theory]
    [Trait("Kind", "theory")]
    [InlineData(1)]
    [InlineData(2)]
    public void Rows_have_traits(int n) => Assert.Equal(1, n);

#if XUNIT_V3
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SlowAttribute(int seconds) : Attribute, ITraitAttribute
    {
        public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Slow", $"{seconds} s")];
    }
#else
    [TraitDiscoverer("Conformance.SlowDiscoverer", "Conformance")]
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SlowAttribute(int seconds) : Attribute, ITraitAttribute
    {
        public int Seconds { get; } = seconds;
    }
#endif

    public class Nested
    {
        [Fact]
        public void Is_in_a_nested_class() => Assert.Fail("to see the stack");
    }

    public class Generic<T>
    {
        [Fact]
        public void Is_in_a_generic_class() => Assert.Fail(typeof(T).Name);
    }

    public class Closed : Generic<int>;
}

#if !XUNIT_V3
public sealed class SlowDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute)
    {
        yield return new("Slow", string.Join(' ', traitAttribute.GetConstructorArguments()) + " s");
    }
}
#endif

public abstract class InheritedTests
{
    protected abstract int Number { get; }

    [Fact]
    public void Is_inherited() => Assert.Equal(1, Number);

    [Fact]
    public virtual void Is_overridden() => Assert.Fail("not overridden");
}

public class InheritingTests : InheritedTests
{
    protected override int Number => 2;

    [Fact]
    public override void Is_overridden()
    {
    }
}

public static class StaticTests
{
    [Fact]
    public static void A_static_class_passes()
    {
    }

    [Fact]
    public static void A_static_class_fails() => Assert.Fail("static");
}
