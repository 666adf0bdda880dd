using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace NsFixture.Roots.Archives;

/// <summary>
/// An image in a file, as <c>docker save</c> and <c>podman save</c> write it (manifest.json beside layers) or by the OCI image layout
/// (oci-layout, index.json, blobs). What it says about the layers is read when it is opened; they are read, and their digests checked,
/// when it is unpacked.
/// </summary>
internal sealed class ImageArchive : IDisposable
{
    private const int MaxLayers = 1000, MaxIndexDepth = 4;
    private const string NameAnnotation = "org.opencontainers.image.ref.name", FullNameAnnotation = "io.containerd.image.name";
    private readonly string path;
    private readonly ImageIndex index;
    private readonly List<Layer> layers = [];

    private ImageArchive(string path, ImageIndex index) => (this.path, this.index) = (path, index);

    /// <summary>A layer: its file in the archive, the file's digest where it is known, and its content's.</summary>
    private sealed record Layer(string File, string? Digest, string? ContentDigest);

    /// <summary>What the image says about running it.</summary>
    public ImageConfiguration Configuration { get; private set; } = new();

    /// <summary>The same for images whose trees are the same.</summary>
    public string ContentKey => string.Join(',', layers.Select(l => l.ContentDigest ?? l.Digest));

    /// <summary>Opens an image archive.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reference">Which image, where there are several: <c>name:tag</c>, or the tag alone.</param>
    /// <exception cref="RootTreeException">It is no image archive, has no such image, or is broken.</exception>
    public static ImageArchive Open(string path, string? reference)
    {
        var index = new ImageIndex(path);
        try
        {
            var archive = new ImageArchive(path, index);
            if (index.Has("index.json"))
                archive.ReadLayout(reference);
            else if (index.Has("manifest.json"))
                archive.ReadDocker(reference);
            else
                throw new RootTreeException($"{path} is no image archive: it has neither index.json (OCI) nor manifest.json (docker save). For a plain tarball there is RootTree.FromTarball.");
            if (archive.layers.Count > MaxLayers)
                throw new RootTreeException($"The image in {path} has {archive.layers.Count} layers, where at most {MaxLayers} make sense.");
            return archive;
        }
        catch (Exception e)
        {
            index.Dispose();
            if (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
                throw new RootTreeException($"The image archive {path} has a manifest or configuration that cannot be read: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Unpacks all layers, in order.</summary>
    /// <exception cref="RootTreeException">A layer is missing, broken, not what its digest says, or not safe to unpack.</exception>
    public void Unpack(TreeUnpacker unpacker)
    {
        foreach (var (number, layer) in layers.Index())
        {
            string what = $"{path}, layer {number + 1} of {layers.Count}";
            using Stream file = index.Open(layer.File);
            using var compressed = new HashingStream(file);
            using Stream opened = Decompression.Open(file, compressed, what);
            using var content = new HashingStream(opened);
            using var ahead = new ReadAheadStream(content);
            unpacker.Unpack(ahead, what, isLayer: true);
            try
            {
                ahead.Drain();
                Require(content.Finish(), layer.ContentDigest, what + ": its content");
                Require(compressed.Finish(), layer.Digest, what);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw new RootTreeException($"{what} is truncated or corrupt: {e.Message}", e);
            }
        }
        unpacker.Finish();
    }

    public void Dispose() => index.Dispose();

    private static void Require(string actual, string? expected, string what)
    {
        if (expected != null && expected.StartsWith("sha256:", StringComparison.Ordinal) && actual != expected)
            throw new RootTreeException($"{what} is not what the image says: its digest is {actual} instead of {expected}. Get the image anew.");
    }

    private void ReadLayout(string? reference)
    {
        var found = new List<(string Name, string Digest)>();
        Collect(JsonDocument.Parse(index.Read("index.json")).RootElement, "", found, 0);
        JsonElement manifest = JsonDocument.Parse(ReadBlob(Choose(found, reference))).RootElement;
        JsonElement configuration = JsonDocument.Parse(ReadBlob(Digest(manifest.GetProperty("config")))).RootElement;
        string?[] contents = DiffIds(configuration);
        foreach (var (number, layer) in manifest.GetProperty("layers").EnumerateArray().Index())
            layers.Add(new Layer(BlobPath(Digest(layer)), Digest(layer), contents.ElementAtOrDefault(number)));
        Configuration = ImageConfiguration.Read(configuration);
    }

    private void ReadDocker(string? reference)
    {
        var images = JsonDocument.Parse(index.Read("manifest.json")).RootElement.EnumerateArray().ToList();
        var names = images.SelectMany((image, number) => Strings(image, "RepoTags").DefaultIfEmpty("").Select(tag => (tag, number.ToString(System.Globalization.CultureInfo.InvariantCulture)))).ToList();
        JsonElement chosen = images[int.Parse(Choose(names, reference), System.Globalization.CultureInfo.InvariantCulture)];
        string file = chosen.GetProperty("Config").GetString()!;
        byte[] bytes = index.Read(file);
        string name = Path.GetFileNameWithoutExtension(file);
        if (name.Length == 64 && name.All(char.IsAsciiHexDigitLower))
            Require("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)), "sha256:" + name, $"{path}: the image's configuration");
        JsonElement configuration = JsonDocument.Parse(bytes).RootElement;
        string?[] contents = DiffIds(configuration);
        string[] files = [.. Strings(chosen, "Layers")];
        if (files.Length != contents.Length)
            throw new RootTreeException($"{path}: the image has {files.Length} layers, and its configuration tells of {contents.Length}: get the image anew.");
        foreach (var (number, layer) in files.Index())
            layers.Add(new Layer(layer, null, contents[number]));
        Configuration = ImageConfiguration.Read(configuration);
    }

    /// <summary>All manifests for this machine, by name; an index may have indexes in it.</summary>
    private void Collect(JsonElement list, string inherited, List<(string, string)> found, int depth)
    {
        foreach (JsonElement entry in list.GetProperty("manifests").EnumerateArray())
        {
            string name = Annotation(entry, FullNameAnnotation) ?? Annotation(entry, NameAnnotation) ?? inherited;
            string type = entry.TryGetProperty("mediaType", out JsonElement t) ? t.GetString() ?? "" : "";
            if (type.Contains("index", StringComparison.Ordinal) || type.Contains("manifest.list", StringComparison.Ordinal))
            {
                if (depth == MaxIndexDepth)
                    throw new RootTreeException($"{path} has indexes in indexes, more than {MaxIndexDepth} deep.");
                // Archives often hold one platform of several that the index tells of.
                if (index.Has(BlobPath(Digest(entry))))
                    Collect(JsonDocument.Parse(ReadBlob(Digest(entry))).RootElement, name, found, depth + 1);
            }
            else if (IsForThisMachine(entry) && index.Has(BlobPath(Digest(entry))))
            {
                found.Add((name, Digest(entry)));
            }
        }
    }

    private static string? Annotation(JsonElement entry, string name) =>
        entry.TryGetProperty("annotations", out JsonElement annotations) && annotations.ValueKind == JsonValueKind.Object && annotations.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static bool IsForThisMachine(JsonElement entry)
    {
        if (!entry.TryGetProperty("platform", out JsonElement platform))
            return true;
        string machine = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        return platform.GetProperty("os").GetString() == "linux" && platform.GetProperty("architecture").GetString() == machine;
    }

    private string Choose(List<(string Name, string Value)> images, string? reference)
    {
        string[] values = [.. images.Where(i => reference == null || Matches(i.Name, reference)).Select(i => i.Value).Distinct()];
        if (values.Length == 1)
            return values[0];
        string names = string.Join(", ", images.Select(i => i.Name.Length == 0 ? "(unnamed)" : i.Name).Distinct());
        throw new RootTreeException(images.Count == 0 ? $"{path} has no image for this machine."
            : values.Length == 0 ? $"{path} has no image \"{reference}\": there is {names}."
            : $"{path} has several images{(reference == null ? "" : $" \"{reference}\"")}: say which, of {names}.");
    }

    // localhost/name:tag is how podman calls what docker calls name:tag.
    private static bool Matches(string name, string reference) => name == reference
        || name.EndsWith("/" + reference, StringComparison.Ordinal) || name.EndsWith(":" + reference, StringComparison.Ordinal)
        || (!reference.Contains(':', StringComparison.Ordinal) && Matches(name, reference + ":latest"));

    private byte[] ReadBlob(string digest)
    {
        byte[] bytes = index.Read(BlobPath(digest));
        Require("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)), digest, $"{path}: the blob {digest}");
        return bytes;
    }

    private string Digest(JsonElement descriptor)
    {
        string digest = descriptor.GetProperty("digest").GetString() ?? "";
        return digest.StartsWith("sha256:", StringComparison.Ordinal) && digest.Length == 71 && digest.AsSpan(7).ToArray().All(char.IsAsciiHexDigitLower) ? digest
            : throw new RootTreeException($"{path} names a blob by the digest \"{digest}\": only sha256 with 64 hexadecimal digits can be checked.");
    }

    private static string BlobPath(string digest) => "blobs/" + digest.Replace(':', '/');

    private static string?[] DiffIds(JsonElement configuration) =>
        configuration.TryGetProperty("rootfs", out JsonElement root) ? [.. Strings(root, "diff_ids")] : [];

    private static IEnumerable<string> Strings(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(s => s.GetString() ?? "") : [];
}
