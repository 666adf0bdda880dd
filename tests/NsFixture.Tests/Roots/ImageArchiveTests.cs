using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests.Roots;

public sealed class ImageArchiveTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-image-").FullName;

    public void Dispose() => TreeRemoval.Remove(directory);

    private static byte[][] TwoLayers() =>
    [
        new Tarball().Directory("etc").File("etc/a", "1").File("etc/b", "1").File("usr/bin/app", "app", 0x1ED).ToArray(),
        new Tarball().File("etc/.wh.a").File("etc/b", "2").HardLink("etc/c", "etc/b").ToArray(),
    ];

    [Fact]
    public void Layers_of_an_OCI_archive_are_applied_in_order()
    {
        Unpack(Tarball.Image(TwoLayers())).Should().BeEquivalentTo(new Dictionary<string, string> { ["/etc/b"] = "2", ["/etc/c"] = "2", ["/usr/bin/app"] = "app" });
    }

    [Fact]
    public void Layers_may_be_compressed_with_zstd_or_not_at_all()
    {
        Unpack(Tarball.Image(TwoLayers(), compress: Zstd)).Should().HaveCount(3);
        Unpack(Tarball.Image(TwoLayers(), compress: bytes => bytes)).Should().HaveCount(3);
    }

    [Fact]
    public void An_archive_of_docker_save_is_read_with_links_for_layers()
    {
        byte[][] layers = TwoLayers();
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(new { config = new { Cmd = new[] { "/usr/bin/app" } }, rootfs = new { diff_ids = layers.Select(Tarball.Digest) } });
        var outer = new Tarball();
        foreach (var (name, bytes) in new[]
                 {
                     ("manifest.json", JsonSerializer.SerializeToUtf8Bytes(new[] { new { Config = "config.json", RepoTags = new[] { "localhost/app:1" }, Layers = new[] { "one/layer.tar", "two/layer.tar" } } })),
                     ("config.json", config), ("shared.tar", layers[0]), ("two/layer.tar", layers[1]),
                 })
            outer.Add(System.Formats.Tar.TarEntryType.RegularFile, name, e => e.DataStream = new MemoryStream(bytes));
        outer.Link("one/layer.tar", "../shared.tar");
        Unpack(outer.ToArray(), "app:1").Should().HaveCount(3);
    }

    [Fact]
    public void What_the_image_says_about_running_it_is_read()
    {
        var config = new { Env = new[] { "PATH=/usr/bin", "A=1" }, Entrypoint = new[] { "/usr/bin/app" }, Cmd = new[] { "--help" }, WorkingDir = "/srv", User = "app:app" };
        using ImageArchive image = Open(Tarball.Image(TwoLayers(), config: config));
        image.Configuration.Should().BeEquivalentTo(new ImageConfiguration
        {
            Environment = ["PATH=/usr/bin", "A=1"], EntryPoint = ["/usr/bin/app"], Command = ["--help"], WorkingDirectory = "/srv", User = "app:app",
        });
        using ImageArchive silent = Open(Tarball.Image(TwoLayers()));
        silent.Configuration.Should().BeEquivalentTo(new ImageConfiguration());
    }

    public static TheoryData<string, string> Faults() => new()
    {
        { "a layer that was changed", "*layer 2 of 2*digest is sha256:*instead of sha256:*" },
        { "a layer whose content is another", "*layer 1 of 2: its content*digest is*" },
        { "a manifest that was changed", "*the blob sha256:*digest is*" },
        { "a layer that is missing", "*lacks \"blobs/sha256/*which its manifest names*" },
        { "a layer that is cut off", "*layer 2 of 2*" },
        { "a zstd layer that is cut off", "*layer 2 of 2*" },
        { "a layer of xz", "*layer 1 of 2*xz*gzip or zstd*" },
        { "an index of rubbish", "*cannot be read*" },
        { "another image", "*has no image \"other:1\": there is app:latest*" },
        { "two images", "*has several images: say which, of app:latest, b:1*" },
        { "no image", "*no image archive*FromTarball*" },
        { "an empty file", "*is empty*" },
        { "a file that is cut off", "*truncated*" },
        { "a file that is not there", "*cannot be read*" },
        { "an odd digest", "*md5:*only sha256*" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void A_broken_image_is_refused_with_what_is_wrong(string fault, string message)
    {
        byte[][] layers = TwoLayers();
        string Second(Dictionary<string, byte[]> files, Func<byte[], byte[]> compress) => "blobs/" + Tarball.Digest(compress(layers[1])).Replace(':', '/');
        byte[] image = fault switch
        {
            "a layer that was changed" => Tarball.Image(layers, files => files[Second(files, Tarball.Gzip)] = Tarball.Gzip([.. layers[1], .. new byte[512]])),
            "a layer whose content is another" => Tarball.Image([layers[0], layers[1]], files => Relabel(files, layers[0])),
            "a manifest that was changed" => Tarball.Image(layers, files => files[Manifest(files)] = [.. files[Manifest(files)], (byte)' ']),
            "a layer that is missing" => Tarball.Image(layers, files => files.Remove(Second(files, Tarball.Gzip))),
            "a layer that is cut off" => Tarball.Image(layers, files => files[Second(files, Tarball.Gzip)] = files[Second(files, Tarball.Gzip)][..^30]),
            "a zstd layer that is cut off" => Tarball.Image(layers, files => files[Second(files, Zstd)] = files[Second(files, Zstd)][..^30], compress: Zstd),
            "a layer of xz" => Tarball.Image(layers, compress: bytes => [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, .. bytes]),
            "an index of rubbish" => Tarball.Image(layers, files => files["index.json"] = "{\"manifests\": 7}"u8.ToArray()),
            "two images" => Tarball.Image(layers, files =>
            {
                files["index.json"] = TwoNames(files["index.json"]);
                files["blobs/sha256/" + new string('0', 64)] = [];
            }),
            "no image" => new Tarball().File("etc/passwd", "x").ToArray(),
            "an empty file" => [],
            "a file that is cut off" => Tarball.Image(layers)[..700],
            "an odd digest" => Tarball.Image(layers, files => files["index.json"] = "{\"manifests\": [{\"digest\": \"md5:00\"}]}"u8.ToArray()),
            _ => Tarball.Image(layers),
        };
        string path = directory + "/image.tar";
        if (fault != "a file that is not there")
            File.WriteAllBytes(path, image);
        var unpacking = () => UnpackFile(path, fault == "another image" ? "other:1" : null);
        unpacking.Should().Throw<RootTreeException>().WithMessage(message).And.Message.Should().Contain(path);
        Directory.GetFileSystemEntries(directory).Where(f => f != path && f != directory + "/tree").Should().BeEmpty();
    }

    [Theory, InlineData("oci-archive"), InlineData("docker-archive")]
    public void An_image_that_podman_made_is_read(string format)
    {
        // In the containers of a CI there is often nothing podman could work with: what it writes is then covered by the tests above alone.
        string storage = directory + "/storage", context = directory + "/context";
        Directory.CreateDirectory(context);
        File.WriteAllText(context + "/hello", "from podman");
        File.WriteAllText(context + "/Containerfile", "FROM scratch\nCOPY hello /data/hello\nENV COLOUR=blue\nENTRYPOINT [\"/data/hello\"]\n");
        if (Run("podman", $"--root {storage} --runroot {directory}/run --storage-driver vfs build --isolation chroot -t made:1 {context}") is { } problem)
        {
            problem.Should().NotBeNullOrEmpty();
            return;
        }
        Run("podman", $"--root {storage} --runroot {directory}/run --storage-driver vfs save --format {format} -o {directory}/image.tar made:1").Should().BeNull();
        UnpackFile(directory + "/image.tar", "made:1").Should().Contain(new KeyValuePair<string, string>("/data/hello", "from podman"));
        using ImageArchive image = ImageArchive.Open(directory + "/image.tar", null);
        image.Configuration.Environment.Should().Contain("COLOUR=blue");
        image.Configuration.EntryPoint.Should().Equal("/data/hello");
    }

    private static string Manifest(Dictionary<string, byte[]> files) => files.Keys.First(k => k.StartsWith("blobs/") && System.Text.Encoding.UTF8.GetString(files[k]).StartsWith("{\"schemaVersion\""));

    // A layer's file that matches its digest, and holds something else than the configuration says.
    private static void Relabel(Dictionary<string, byte[]> files, byte[] layer)
    {
        byte[] other = Tarball.Gzip(new Tarball().File("etc/evil", "x").ToArray());
        string text = System.Text.Encoding.UTF8.GetString(files[Manifest(files)]).Replace(Tarball.Digest(Tarball.Gzip(layer)), Tarball.Digest(other));
        byte[] manifest = System.Text.Encoding.UTF8.GetBytes(text);
        string old = Manifest(files)["blobs/".Length..].Replace('/', ':');
        files["blobs/" + Tarball.Digest(other).Replace(':', '/')] = other;
        files["index.json"] = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(files["index.json"]).Replace(old, Tarball.Digest(manifest)));
        files["blobs/" + Tarball.Digest(manifest).Replace(':', '/')] = manifest;
    }

    private static byte[] TwoNames(byte[] index)
    {
        JsonElement first = JsonDocument.Parse(index).RootElement.GetProperty("manifests")[0];
        string second = first.GetRawText().Replace("app:latest", "b:1");
        second = second.Replace(first.GetProperty("digest").GetString()!, "sha256:" + new string('0', 64));
        return System.Text.Encoding.UTF8.GetBytes($"{{\"manifests\": [{first.GetRawText()}, {second}]}}");
    }

    private static byte[] Zstd(byte[] bytes)
    {
        using var zstd = Process.Start(new ProcessStartInfo("zstd", "-q -c") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var output = new MemoryStream();
        Task copying = zstd.StandardOutput.BaseStream.CopyToAsync(output);
        zstd.StandardInput.BaseStream.Write(bytes);
        zstd.StandardInput.Close();
        copying.Wait();
        zstd.WaitForExit();
        return output.ToArray();
    }

    /// <summary>Null: it worked.</summary>
    private static string? Run(string program, string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : errors + output.Result;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }

    private ImageArchive Open(byte[] image)
    {
        File.WriteAllBytes(directory + "/image.tar", image);
        return ImageArchive.Open(directory + "/image.tar", null);
    }

    private Dictionary<string, string> Unpack(byte[] image, string? reference = null)
    {
        File.WriteAllBytes(directory + "/image.tar", image);
        return UnpackFile(directory + "/image.tar", reference);
    }

    private Dictionary<string, string> UnpackFile(string path, string? reference)
    {
        string root = directory + "/tree";
        TreeRemoval.Remove(root);
        Directory.CreateDirectory(root);
        using ImageArchive archive = ImageArchive.Open(path, reference);
        archive.Unpack(new TreeUnpacker(root, setOwners: false, 1 << 30));
        return Directory.GetFiles(root, "*", SearchOption.AllDirectories).ToDictionary(f => f[root.Length..], File.ReadAllText);
    }
}
