using FluentAssertions;
using NsFixture.Linux;

namespace NsFixture.Tests.Linux;

public sealed class SubordinateIdsTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Theory]
    [InlineData("tester:100000:65536\n", "0 1000 1 1 100000 65536")]
    [InlineData("other:100000:65536\n1000:300000:10\ntester:400000:20\n", "0 1000 1 1 300000 10 11 400000 20")]
    [InlineData("other:100000:65536\n", "")]
    [InlineData("# a comment\n\ntester:x:1\ntester:5\ntester:1:0\ntester:-1:5\n", "")]
    [InlineData("", "")]
    public void Ranges_of_the_user_come_one_behind_another_from_1_on(string content, string arguments)
    {
        File.WriteAllText(file, content);
        string.Join(' ', SubordinateIds.Map(["1000", "tester"], "1000", file)).Should().Be(arguments);
    }

    [Fact]
    public void Without_the_file_there_are_none() => SubordinateIds.Map(["0"], "0", "/no/such/file").Should().BeEmpty();
}
