using FluentAssertions;
using NsFixture.Launching;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests.Roots;

public class RootDeclarationTests
{
    public static TheoryData<string, RootTree, string> Impossible() => new()
    {
        { "no programs", RootTree.Of(), "*has no programs*" },
        { "no path", RootTree.FromImage(""), "*needs a path*RootPath*" },
        { "no file", RootTree.FromImage("no-such.tar"), "*there is no file*no-such.tar*" },
        { "no directory", RootTree.FromDirectory("/no/such"), "*there is no directory /no/such*" },
        { "a file as directory", RootTree.FromDirectory("/etc/passwd"), "*there is no directory*" },
        { "the root as directory", RootTree.FromDirectory("/"), "*CopyOnWrite or ReadOnly*" },
        { "relative place", RootTree.CopyOnWrite.WithTmpfs("tmp"), "*Tmpfs \"tmp\" is no place*" },
        { "place above", RootTree.CopyOnWrite.WithFile("/etc/../x", ""), "*is no place*" },
        { "place of the root", RootTree.CopyOnWrite.WithTmpfs("/"), "*is no place*" },
        { "place in proc", RootTree.CopyOnWrite.WithFile("/proc/x", ""), "*lies in /proc*" },
        { "bind of nothing", RootTree.CopyOnWrite.WithBind("/no/such"), "*Bind \"/no/such\"*does not exist*" },
        { "bind of all", RootTree.CopyOnWrite.WithBind("/", "/machine"), "*the whole machine*" },
        { "one place twice", RootTree.CopyOnWrite.WithTmpfs("/a").WithFile("/a/", "x"), "*/a stands twice*" },
        { "negative size", RootTree.CopyOnWrite.WithTmpfs("/a", -1), "*-1 bytes*" },
        { "a limit too small", RootTree.CopyOnWrite.WithLimits(1), "*a limit of 1 bytes*65536*" },
        { "too few files", RootTree.CopyOnWrite.WithLimits(0, 10), "*a limit of 10 files*" },
        { "template without a name", RootTree.CopyOnWrite.WithTemplate("/a", "", _ => Task.CompletedTask), "*needs a name*" },
    };

    [Theory, MemberData(nameof(Impossible))]
    public void A_tree_that_cannot_be_is_refused_before_anything_is_made(string fault, RootTree tree, string message)
    {
        var resolving = () => new SandboxOptions { Root = tree }.Resolve("/tmp");
        resolving.Should().Throw<InvalidSandboxOptionsException>(fault).WithMessage(message);
        var onHost = () => new SandboxOptions { Topology = Topology.Of().WithHost("h", h => h.WithRoot(tree)) }.Resolve("/tmp");
        onHost.Should().Throw<InvalidSandboxOptionsException>(fault).WithMessage(message);
    }

    private sealed class Good() : RootTree(Of("sh"));

    private sealed class WithoutConstructor(string path) : RootTree(FromDirectory(path));

    private sealed class Throwing : RootTree
    {
        public Throwing()
            : base(CopyOnWrite) => throw new InvalidOperationException("not today");
    }

    public static TheoryData<Func<RootTree>, string> Contradictions() => new()
    {
        { () => RootSettings.Make(RootKind.Image, "x", [], typeof(Good)), "*RootTree = typeof(Good) says all*" },
        { () => RootSettings.Make(RootKind.CopyOnWrite, null, [], typeof(string)), "*typeof(String) is no root tree*" },
        { () => RootSettings.Make(RootKind.CopyOnWrite, null, [], typeof(WithoutConstructor)), "*constructor without parameters*" },
        { () => RootSettings.Make(RootKind.CopyOnWrite, null, [], typeof(Throwing)), "*The root tree could not be made: InvalidOperationException: not today*" },
        { () => RootSettings.Make(RootKind.ReadOnly, "x", [], null), "*RootPath = \"x\" does not go with Root = ReadOnly*" },
        { () => RootSettings.Make(RootKind.Image, "x", ["sh"], null), "*RootPrograms does not go with*" },
        { () => RootSettings.Make((RootKind)99, null, [], null), "*Root = 99 is unknown*" },
    };

    [Theory, MemberData(nameof(Contradictions))]
    public void Settings_of_an_attribute_that_contradict_one_another_are_named(Func<RootTree> make, string message)
    {
        var resolving = () => new SandboxOptions { MakeRoot = make }.Resolve("/tmp");
        resolving.Should().Throw<InvalidSandboxOptionsException>().WithMessage(message);
    }

    [Fact]
    public void The_usual_tree_costs_a_byte_on_the_wire_and_others_arrive_as_they_were()
    {
        new ByteWriter().Roots(null).Length.Should().Be(1);
        var root = new RootSpec(RootKind.Image, "/cache/x", true, 7, 8, [new RootMount(RootMountKind.Bind, "/a", "/b", true), new RootMount(RootMountKind.File, "/f", "ü", Mode: 0x1ED)])
        {
            Image = new ImageConfiguration { Environment = ["A=1"], EntryPoint = ["x"], Command = ["y"], WorkingDirectory = "/w", User = "u" },
        };
        var roots = new RootSpecs(root, [(3, root with { Image = null })]);
        var reader = new ByteReader(new ByteWriter().Roots(roots).Written);
        reader.Roots().Should().BeEquivalentTo(roots);
    }

    [Fact]
    public void The_tests_host_sees_what_it_is_given_and_the_others_theirs()
    {
        RootTree a = RootTree.Of("sh"), b = RootTree.Of("cat"), c = RootTree.ReadOnly;
        Topology.Of("x").Roots("/", null).Should().BeNull();
        Topology.Of("x").Roots("/", a)!.Sandbox.Should().BeSameAs(a);
        DeclaredRoots roots = Topology.Of("x").WithRoot(a).WithHost("y", h => h.WithRoot(b)).WithHost("test", h => h.WithRoot(c)).Roots("/", b)!;
        roots.Sandbox.Should().BeSameAs(c);
        roots.Hosts.Should().Equal((2, b));
    }
}
