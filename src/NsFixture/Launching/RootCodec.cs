using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Launching;

/// <summary>How root trees go over the wire: one byte where all are the usual one.</summary>
internal static class RootCodec
{
    public static ByteWriter Roots(this ByteWriter writer, RootSpecs? roots)
    {
        if (roots == null)
            return writer.Boolean(false);
        writer.Boolean(true).Boolean(roots.Sandbox != null);
        if (roots.Sandbox != null)
            writer.Root(roots.Sandbox);
        writer.Int32(roots.Hosts.Count);
        foreach (var (host, root) in roots.Hosts)
            writer.Int32(host).Root(root);
        return writer;
    }

    public static RootSpecs? Roots(this ref ByteReader reader)
    {
        if (!reader.Boolean())
            return null;
        RootSpec? sandbox = reader.Boolean() ? Root(ref reader) : null;
        var hosts = new (int, RootSpec)[reader.Int32()];
        for (int i = 0; i < hosts.Length; i++)
            hosts[i] = (reader.Int32(), Root(ref reader));
        return new RootSpecs(sandbox, hosts);
    }

    private static ByteWriter Root(this ByteWriter writer, RootSpec root)
    {
        writer.Byte((byte)root.Kind).String(root.Lower).Boolean(root.IsReadOnly).Int64(root.Size).Int32(root.Files).Int32(root.Mounts.Count);
        foreach (RootMount mount in root.Mounts)
            writer.Byte((byte)mount.Kind).String(mount.Path).String(mount.Source).Boolean(mount.ReadOnly).Int64(mount.Size).Int32((int)mount.Mode).String(mount.User);
        return root.Image is not { } image ? writer.Boolean(false) : writer.Boolean(true)
            .Strings([.. image.Environment]).Strings([.. image.EntryPoint]).Strings([.. image.Command]).String(image.WorkingDirectory).String(image.User);
    }

    private static RootSpec Root(ref ByteReader reader)
    {
        var (kind, lower, isReadOnly, size, files) = ((RootKind)reader.Byte(), reader.Text(), reader.Boolean(), reader.Int64(), reader.Int32());
        var mounts = new RootMount[reader.Int32()];
        for (int i = 0; i < mounts.Length; i++)
            mounts[i] = new RootMount((RootMountKind)reader.Byte(), reader.Text(), reader.Text(), reader.Boolean(), reader.Int64(), (uint)reader.Int32()) { User = reader.String() };
        return new RootSpec(kind, lower, isReadOnly, size, files, mounts)
        {
            Image = !reader.Boolean() ? null : new ImageConfiguration
            {
                Environment = reader.Strings()!, EntryPoint = reader.Strings()!, Command = reader.Strings()!, WorkingDirectory = reader.Text(), User = reader.Text(),
            },
        };
    }
}
