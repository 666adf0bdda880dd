using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>
/// Where all that is written to a root tree lies, as init holds it: a descriptor of the tmpfs, which has no name any more, and what
/// each directory in it is the upper layer of.
/// </summary>
internal sealed class PrivateLayers
{
    /// <summary>The file in which whoever lists the layers finds what they are of, a line each: name, tab, path.</summary>
    public const string MapName = "map";

    private readonly List<(string Name, string Path)> layers = [];
    private readonly IReadOnlyList<RootEntry> plan;

    /// <param name="plan">Of the machine's tree, if it is that: its layers are numbered by it.</param>
    public PrivateLayers(IReadOnlyList<RootEntry> plan)
    {
        this.plan = plan;
        Descriptor = FileSystem.OpenDescriptor(Staging.Layers, Fcntl.O_RDONLY);
    }

    public int Descriptor { get; }

    public void Add(string name, string path) => layers.Add((name, path));

    /// <summary>Writes down what is what, for who is going to be given the descriptor.</summary>
    public void WriteMap()
    {
        var lines = new List<string>();
        foreach (var (index, entry) in plan.Index())
            lines.Add(entry.Kind == RootEntryKind.Overlay ? RootBuilder.UpperName(index) + "\t" + entry.Path : "\t" + entry.Path); // the latter are in the root's layer, and nobody has written them
        lines.AddRange(layers.Select(l => l.Name + "\t" + l.Path));
        FileSystem.WriteFile($"/proc/self/fd/{Descriptor}/{MapName}", string.Join('\n', lines));
    }
}
