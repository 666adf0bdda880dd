using System.Xml.Linq;

namespace NsFixture.Docs.Tests;

/// <summary>Every XML block is a part of a project file; properties that are ours have to be there in src.</summary>
public class XmlBlockTests
{
    public static IEnumerable<object[]> Blocks => CodeBlock.In("xml");

    [Theory, MemberData(nameof(Blocks))]
    public void It_is_part_of_a_project_and_names_what_there_is(string page, int line)
    {
        XElement group = XElement.Parse(CodeBlock.At(page, line).Text);
        Assert.Equal("PropertyGroup", group.Name);
        Assert.All(group.Elements(), property => Assert.True(
            property.Name.LocalName == "SelfContained" || Repository.Source.Contains($"$({property.Name})", StringComparison.Ordinal),
            $"{page}:{line}: nothing in src reads the property {property.Name}"));
    }
}
