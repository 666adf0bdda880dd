namespace NsFixture.Docs.Tests;

/// <summary>A fenced block of a page.</summary>
internal sealed record CodeBlock(string Page, int Line, string Language, string Text)
{
    public static IReadOnlyList<CodeBlock> All { get; } = [.. Repository.Pages.SelectMany(page => Of(Path.GetRelativePath(Repository.Root, page), File.ReadAllLines(page)))];

    /// <summary>Names of the blocks in one language, for theories: a block is found again by where it stands.</summary>
    public static IEnumerable<object[]> In(string language) => All.Where(b => b.Language == language).Select(b => new object[] { b.Page, b.Line });

    public static CodeBlock At(string page, int line) => All.Single(b => b.Page == page && b.Line == line);

    public static IEnumerable<CodeBlock> Of(string page, string[] lines)
    {
        int start = -1;
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal))
                continue;
            if (start < 0)
            {
                start = i;
                continue;
            }
            yield return new CodeBlock(page, start + 1, lines[start].Trim()[3..], string.Join('\n', lines[(start + 1)..i]));
            start = -1;
        }
        if (start >= 0)
            throw new FormatException($"{page}:{start + 1}: the code block has no end.");
    }
}
