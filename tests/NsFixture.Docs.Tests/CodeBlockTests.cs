namespace NsFixture.Docs.Tests;

public class CodeBlockTests
{
    /// <summary>csharp, bash and xml are checked by the classes named after them; NsFixture.Namespaces.Tests runs sh; text is pictures, for people only.</summary>
    private static readonly string[] Known = ["csharp", "bash", "xml", "text", "sh"];

    [Fact]
    public void Every_block_is_in_a_language_that_is_checked() =>
        Assert.All(CodeBlock.All, b => Assert.True(Known.Contains(b.Language), $"{b.Page}:{b.Line}: a block in '{b.Language}': use {string.Join(", ", Known)}"));

    [Fact]
    public void The_readme_has_blocks_of_each_language()
    {
        Assert.True(CodeBlock.All.Count(b => b is { Page: "README.md", Language: "csharp" }) >= 4);
        Assert.True(CodeBlock.All.Count(b => b.Language == "bash") >= 4);
        Assert.True(CodeBlock.All.Count(b => b.Language == "xml") >= 2);
    }

    [Fact]
    public void Blocks_are_found_wherever_they_stand()
    {
        var blocks = CodeBlock.Of("p", ["a", "```csharp", "one", "", "two", "```", "  ```bash", "  three", "  ```"]).ToList();
        Assert.Equal([new CodeBlock("p", 2, "csharp", "one\n\ntwo"), new CodeBlock("p", 7, "bash", "  three")], blocks);
        Assert.Throws<FormatException>(() => CodeBlock.Of("p", ["```csharp", "one"]).ToList());
    }
}
