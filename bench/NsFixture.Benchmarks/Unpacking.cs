using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Benchmarks;

/// <summary>Unpacking an image, beside 'tar -x' of its layers; and the second use of one that is unpacked.</summary>
internal static class Unpacking
{
    private const long Size = 200 << 20;

    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        string directory = Directory.CreateTempSubdirectory("nsfixture-bench-").FullName;
        try
        {
            byte[] layer = Layer();
            string layerFile = directory + "/layer.tar.gz", image = directory + "/image.tar";
            File.WriteAllBytes(layerFile, Gzip(layer));
            WriteImage(image, layer, File.ReadAllBytes(layerFile));
            List<double> ours = [], tars = [], again = [];
            for (int i = 0; i < count; i++)
            {
                string root = $"{directory}/tar{i}";
                Directory.CreateDirectory(root);
                tars.Add(Time(() =>
                {
                    using var tar = Process.Start("tar", ["-xzf", layerFile, "-C", root]);
                    tar.WaitForExit();
                }));
                TreeRemoval.Remove(root);
                var cache = new TreeCache($"{directory}/cache{i}", 1L << 40);
                ours.Add(Time(() => Use(cache, image)));
                again.Add(Time(() => Use(new TreeCache($"{directory}/cache{i}", 1L << 40), image)));
                TreeRemoval.Remove(cache.Location);
            }
            var unpacked = new Measurement("unpack", ours);
            var byTar = new Measurement("tar -xzf", tars);
            unpacked.With("megabytes", layer.Length >> 20).With("ratio_to_tar", unpacked.Median / byTar.Median);
            return Task.FromResult<IReadOnlyList<Measurement>>([unpacked, byTar, new Measurement("use again", again)]);
        }
        finally
        {
            TreeRemoval.Remove(directory);
        }
    }

    /// <summary>An image of a file, beside this assembly.</summary>
    public static string SmallImage()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "small-image.tar");
        if (!File.Exists(path))
        {
            var stream = new MemoryStream();
            using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "etc/motd") { DataStream = new MemoryStream("small"u8.ToArray()) });
            WriteImage(path, stream.ToArray(), Gzip(stream.ToArray()));
        }
        return path;
    }

    private static void Use(TreeCache cache, string path)
    {
        using ImageArchive image = ImageArchive.Open(path, null);
        cache.Get(TreeCache.KeyOf(image.ContentKey), root =>
        {
            var unpacker = new TreeUnpacker(root, setOwners: false, cache.Limit);
            image.Unpack(unpacker);
            return unpacker.Size;
        });
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Files of the machine, small and large ones as images have them, until there are 200 MB.</summary>
    private static byte[] Layer()
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
            foreach (string file in Directory.EnumerateFiles("/usr/share", "*", options).Take(6000).Concat(Directory.EnumerateFiles("/usr/lib", "*", options)))
            {
                if (stream.Length > Size)
                    break;
                if (new FileInfo(file).Length < 20 << 20)
                    writer.WriteEntry(file, file[1..]);
            }
        }
        return stream.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    private static void WriteImage(string path, byte[] layer, byte[] compressed)
    {
        static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        byte[] configuration = JsonSerializer.SerializeToUtf8Bytes(new { rootfs = new { diff_ids = new[] { Digest(layer) } } });
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new { config = new { digest = Digest(configuration) }, layers = new[] { new { digest = Digest(compressed) } } });
        byte[] index = JsonSerializer.SerializeToUtf8Bytes(new { manifests = new[] { new { digest = Digest(manifest) } } });
        using var writer = new TarWriter(File.Create(path), TarEntryFormat.Pax);
        foreach (var (name, bytes) in new[] { ("index.json", index) }.Concat(new[] { configuration, manifest, compressed }.Select(b => ("blobs/" + Digest(b).Replace(':', '/'), b))))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
    }
}
