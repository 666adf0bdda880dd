namespace NsFixture;

/// <summary>Makes a root tree of what an attribute can say of one.</summary>
internal static class RootSettings
{
    /// <exception cref="InvalidSandboxOptionsException">The settings contradict one another.</exception>
    public static RootTree Make(RootKind kind, string? path, string[] programs, Type? type)
    {
        if (type != null)
        {
            if (kind != RootKind.CopyOnWrite || path != null || programs.Length > 0)
                throw new InvalidSandboxOptionsException([$"RootTree = typeof({type.Name}) says all about the root tree: leave Root, RootPath and RootPrograms out beside it."]);
            if (!typeof(RootTree).IsAssignableFrom(type) || type.IsAbstract || type.GetConstructor([]) == null)
                throw new InvalidSandboxOptionsException([$"RootTree = typeof({type.Name}) is no root tree: name a public class that derives from NsFixture.RootTree and has a constructor without parameters."]);
            return (RootTree)Activator.CreateInstance(type)!;
        }
        bool takesPath = kind is RootKind.Directory or RootKind.Tarball or RootKind.Image;
        if (path != null && !takesPath)
            throw new InvalidSandboxOptionsException([$"RootPath = \"{path}\" does not go with Root = {kind}: it is for Directory, Tarball and Image."]);
        if (programs.Length > 0 && kind != RootKind.Minimal)
            throw new InvalidSandboxOptionsException([$"RootPrograms does not go with Root = {kind}: it is for Minimal."]);
        return kind switch
        {
            RootKind.CopyOnWrite => RootTree.CopyOnWrite,
            RootKind.ReadOnly => RootTree.ReadOnly,
            RootKind.Minimal => RootTree.Of(programs),
            RootKind.Directory => RootTree.FromDirectory(path ?? ""),
            RootKind.Tarball => RootTree.FromTarball(path ?? ""),
            RootKind.Image => RootTree.FromImage(path ?? ""),
            _ => throw new InvalidSandboxOptionsException([$"Root = {(int)kind} is unknown: use {string.Join(", ", Enum.GetNames<RootKind>())}."]),
        };
    }
}
