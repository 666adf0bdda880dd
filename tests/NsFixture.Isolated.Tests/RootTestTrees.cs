using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Archives that the tests of root trees use, made beside the test assembly when a test first asks for one.</summary>
internal static class RootTestTrees
{
    private static readonly Lock Gate = new();
    private static readonly string Place = Path.Combine(Path.GetDirectoryName(typeof(RootTestTrees).Assembly.Location)!, "trees");

    /// <summary>What a fresh runtime and the tests' commands need, at their paths.</summary>
    private static readonly string[] Programs = ["sh", "cat", "ls", "id", "env", "hostname", "pwd", "mkdir", "touch", "rm", "ln", "grep", "sleep"];

    public static string Directory => Made("directory", path =>
    {
        System.IO.Directory.CreateDirectory(path);
        foreach (string file in Files())
            Copy(file, path);
        System.IO.Directory.CreateDirectory(path + "/data");
        File.WriteAllText(path + "/data/greeting", "from the directory");
        // As in real trees; and one that leads to the machine's own files when it is followed from outside.
        File.CreateSymbolicLink(path + "/etc", "usr/etc");
        System.IO.Directory.CreateDirectory(path + "/usr/etc");
        File.WriteAllText(path + "/usr/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    });

    public static string Tarball => Made("tarball.tar.gz", path =>
    {
        using var stream = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        using var writer = new TarWriter(stream, TarEntryFormat.Pax);
        WritePrograms(writer);
        Write(writer, "data/greeting", "from the tarball");
        Write(writer, "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "etc/resolv.conf") { LinkName = "/proc/self/cwd/../../../../etc/shadow" });
    });

    public static string Image => Made("image-of-app.tar", path =>
    {
        byte[][] layers =
        [
            Layer(writer =>
            {
                WritePrograms(writer);
                Write(writer, "data/gone", "of the first layer");
                Write(writer, "data/greeting", "of the first layer");
                Write(writer, "etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n");
                Write(writer, "data/run.sh", "#!/bin/sh\necho \"$COLOUR in $(pwd) with $* as $(id -un)\"\n", 0x1ED);
                Write(writer, "srv/file", "x");
            }),
            Layer(writer =>
            {
                Write(writer, "data/.wh.gone", "");
                Write(writer, "data/greeting", "from the image");
            }),
        ];
        WriteImage(path, layers, new { Env = new[] { "PATH=/usr/bin:/bin", "COLOUR=blue" }, Entrypoint = new[] { "/data/run.sh" }, Cmd = new[] { "default" }, WorkingDir = "/srv", User = "app" });
    });

    /// <summary>A directory with a file, to be shown in trees.</summary>
    public static string Shared(string name) => Made("shared-" + name, path =>
    {
        System.IO.Directory.CreateDirectory(path);
        File.WriteAllText(path + "/file", "of the machine");
    });

    /// <summary>/etc/services behind an absolute link, which leads elsewhere when the tree is the root.</summary>
    public static string Linked => Made("linked", path =>
    {
        System.IO.Directory.CreateDirectory(path);
        File.CreateSymbolicLink(path + "/etc", "/etc");
    }) + "/etc/services";

    public static void WriteImage(string path, byte[][] layers, object config)
    {
        var files = new Dictionary<string, byte[]>();
        string Blob(byte[] bytes)
        {
            files["blobs/" + Digest(bytes).Replace(':', '/')] = bytes;
            return Digest(bytes);
        }

        byte[] configuration = JsonSerializer.SerializeToUtf8Bytes(new { config, rootfs = new { diff_ids = layers.Select(Digest) } });
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new { config = new { digest = Blob(configuration) }, layers = layers.Select(l => new { digest = Blob(Gzip(l)) }).ToArray() });
        files["index.json"] = JsonSerializer.SerializeToUtf8Bytes(new { manifests = new[] { new { digest = Blob(manifest) } } });
        using var writer = new TarWriter(File.Create(path), TarEntryFormat.Pax);
        foreach (var (name, bytes) in files)
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
    }

    public static byte[] Layer(Action<TarWriter> write)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
            write(writer);
        return stream.ToArray();
    }

    public static void Write(TarWriter writer, string name, string content, int mode = 0x1A4) =>
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), Mode = (UnixFileMode)mode });

    private static void WritePrograms(TarWriter writer)
    {
        writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin") { LinkName = "usr/bin" });
        foreach (string file in Files())
            writer.WriteEntry(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file, file.StartsWith("/bin/", StringComparison.Ordinal) ? "usr" + file : file[1..]);
    }

    private static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Gzip(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    // Several tests may ask at once, and several processes: what is there is whole.
    public static string Made(string name, Action<string> make)
    {
        string path = Path.Combine(Place, name);
        lock (Gate)
        {
            if (Path.Exists(path))
                return path;
            System.IO.Directory.CreateDirectory(Place);
            string half = $"{path}.{Environment.ProcessId}";
            make(half);
            try
            {
                if (System.IO.Directory.Exists(half))
                    System.IO.Directory.Move(half, path);
                else
                    File.Move(half, path, overwrite: true);
            }
            catch (IOException) when (Path.Exists(path))
            {
                System.IO.Directory.Delete(half, recursive: true);
            }
            return path;
        }
    }

    /// <summary>The programs, and what ldd lists for them and for the runtime, each as a plain file at the path it is looked for at.</summary>
    private static List<string> Files()
    {
        string runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        string[] programs = [.. Programs.Select(p => "/usr/bin/" + p).Concat(["/usr/bin/bash"]).Where(File.Exists)];
        string[] looked = [.. programs, Path.GetFullPath(runtime + "../../../dotnet"), .. System.IO.Directory.GetFiles(runtime, "*.so")];
        using var ldd = Process.Start(new ProcessStartInfo("ldd", looked) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = ldd.StandardError.ReadToEndAsync();
        var libraries = ldd.StandardOutput.ReadToEnd().Split('\n').Where(l => l.StartsWith('\t')).Select(l => l.Trim().Split(" => ")[^1].Split(" (")[0]).Where(l => l.StartsWith('/') && File.Exists(l));
        string[] openedByName = [.. ((string[])["libssl.so.3", "libcrypto.so.3"]).Select(l => "/usr/lib/x86_64-linux-gnu/" + l).Where(File.Exists)];
        return [.. programs.Concat(libraries).Concat(openedByName).Where(f => !f.Contains("/dotnet/", StringComparison.Ordinal)).Distinct()];
    }

    private static void Copy(string file, string root)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(root + file)!);
        File.Copy(file, root + file, overwrite: true);
    }
}

/// <summary>The machine's tree, to be read only.</summary>
public sealed class MachineReadOnly() : RootTree(ReadOnly);

/// <summary>A few programs.</summary>
public sealed class FewPrograms() : RootTree(Of("sh", "cat", "ls", "id", "env", "hostname", "/usr/bin/bash"));

/// <summary>A directory as a tree.</summary>
public sealed class DirectoryTree() : RootTree(FromDirectory(RootTestTrees.Directory));

/// <summary>An unpacked tarball.</summary>
public sealed class TarballTree() : RootTree(FromTarball(RootTestTrees.Tarball));

/// <summary>An unpacked image.</summary>
public sealed class ImageTree() : RootTree(FromImage(RootTestTrees.Image));
