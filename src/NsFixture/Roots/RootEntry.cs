namespace NsFixture.Roots;

/// <summary>What stands in the new root for one path of the host's tree.</summary>
internal enum RootEntryKind
{
    /// <summary>The host's directory below, a private layer above.</summary>
    Overlay,

    /// <summary>An empty directory of our own; what is below it has entries of its own.</summary>
    Directory,

    /// <summary>The host's file or directory itself, read-only: where an overlay cannot be had.</summary>
    ReadOnlyBind,

    /// <summary>The same symbolic link.</summary>
    Link,
}

/// <summary>
/// One step of building a root tree. <see cref="Path"/> is absolute, as seen inside. <see cref="Detail"/> is the link's target,
/// or an overlay's lower directories, topmost first, joined by colons as overlayfs takes them. Mode and owner are the ones
/// that the top of an overlay or a directory must get.
/// </summary>
internal sealed record RootEntry(RootEntryKind Kind, string Path, string Detail = "", uint Mode = 0x1ED, uint Owner = 0, uint Group = 0);
