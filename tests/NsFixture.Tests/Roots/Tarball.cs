using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NsFixture.Tests.Roots;

/// <summary>Makes tar archives as they should be, and as they should not.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "All in memory.")]
internal sealed class Tarball
{
    private readonly MemoryStream stream = new();
    private readonly TarWriter writer;

    public Tarball(TarEntryFormat format = TarEntryFormat.Pax) => writer = new TarWriter(stream, format, leaveOpen: true);

    public Tarball File(string name, string content = "", int mode = 0x1A4) =>
        Add(TarEntryType.RegularFile, name, e => (e.DataStream, e.Mode) = (new MemoryStream(Encoding.UTF8.GetBytes(content)), (UnixFileMode)mode));

    public Tarball Directory(string name, int mode = 0x1ED) => Add(TarEntryType.Directory, name, e => e.Mode = (UnixFileMode)mode);

    public Tarball Link(string name, string target) => Add(TarEntryType.SymbolicLink, name, e => e.LinkName = target);

    public Tarball HardLink(string name, string target) => Add(TarEntryType.HardLink, name, e => e.LinkName = target);

    public Tarball Device(string name) => Add(TarEntryType.CharacterDevice, name, e => (((PosixTarEntry)e).DeviceMajor, ((PosixTarEntry)e).DeviceMinor) = (1, 3));

    public Tarball Add(TarEntryType type, string name, Action<TarEntry>? configure = null)
    {
        var entry = new PaxTarEntry(type, name);
        configure?.Invoke(entry);
        writer.WriteEntry(entry);
        return this;
    }

    public byte[] ToArray()
    {
        writer.Dispose();
        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>An OCI image archive with these layers; <paramref name="change"/> may spoil its files.</summary>
    public static byte[] Image(IReadOnlyList<byte[]> layers, Action<Dictionary<string, byte[]>>? change = null, object? config = null, string name = "app:latest", Func<byte[], byte[]>? compress = null)
    {
        var files = new Dictionary<string, byte[]>();
        string Blob(byte[] bytes)
        {
            string digest = Digest(bytes);
            files["blobs/" + digest.Replace(':', '/')] = bytes;
            return digest;
        }

        var blobs = layers.Select(l => (Compressed: (compress ?? Gzip)(l), Content: l)).ToList();
        byte[] configuration = JsonSerializer.SerializeToUtf8Bytes(new { architecture = "amd64", os = "linux", config = config ?? new { }, rootfs = new { type = "layers", diff_ids = layers.Select(Digest) } });
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            config = new { digest = Blob(configuration), size = configuration.Length },
            layers = blobs.Select(b => new { mediaType = "application/vnd.oci.image.layer.v1.tar+gzip", digest = Blob(b.Compressed), size = b.Compressed.Length }).ToArray(),
        });
        files["index.json"] = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            manifests = new[] { new { mediaType = "application/vnd.oci.image.manifest.v1+json", digest = Blob(manifest), size = manifest.Length, annotations = new Dictionary<string, string> { ["org.opencontainers.image.ref.name"] = name } } },
        });
        files["oci-layout"] = "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray();
        change?.Invoke(files);
        return Pack(files);
    }

    public static byte[] Pack(Dictionary<string, byte[]> files)
    {
        var outer = new Tarball();
        foreach (var (path, bytes) in files)
            outer.Add(TarEntryType.RegularFile, path, e => e.DataStream = new MemoryStream(bytes));
        return outer.ToArray();
    }
}
