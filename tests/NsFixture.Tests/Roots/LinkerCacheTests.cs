using System.Diagnostics;
using System.Text;
using FluentAssertions;
using NsFixture.Linux.Elf;

namespace NsFixture.Tests.Roots;

public sealed class LinkerCacheTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-cache-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory, InlineData("new"), InlineData("compat")] // compat: the old format, with the new one behind it
    public void Both_formats_of_ldconfig_say_where_libraries_are(string format)
    {
        string path = Path.Combine(directory, "cache");
        using (var ldconfig = Process.Start(new ProcessStartInfo("/sbin/ldconfig", ["-X", "-c", format, "-C", path]) { RedirectStandardError = true })!)
        {
            ldconfig.WaitForExit();
            ldconfig.ExitCode.Should().Be(0);
        }
        Encoding.ASCII.GetString(File.ReadAllBytes(path), 0, 8).Should().Be(format == "new" ? "glibc-ld" : "ld.so-1.");
        LinkerCache cache = LinkerCache.Read(path);
        cache.Count.Should().BeGreaterThan(20);
        string[] found = [.. cache.Find("libc.so.6", ElfFile.TryRead("/bin/sh")!.Machine, [])];
        found.Should().ContainSingle().Which.Should().EndWith("/libc.so.6");
        File.Exists(found[0]).Should().BeTrue();
        cache.Find("no-such-library.so", ElfConstants.EM_X86_64, []).Should().BeEmpty();
    }

    [Fact]
    public void The_old_format_alone_is_read_too()
    {
        byte[] strings = "libz.so.1\0/lib/libz.so.1\0"u8.ToArray();
        byte[] entry = [.. BitConverter.GetBytes(0x303), .. BitConverter.GetBytes(0), .. BitConverter.GetBytes(10)];
        byte[] cache = [.. "ld.so-1.7.0\0"u8, .. BitConverter.GetBytes(1), .. entry, .. strings];
        LinkerCache.Parse(cache).Find("libz.so.1", ElfConstants.EM_X86_64, []).Should().Equal("/lib/libz.so.1");
        LinkerCache.Parse(cache).Find("libz.so.1", ElfConstants.EM_AARCH64, []).Should().BeEmpty("it is another machine's");
    }

    [Fact]
    public void A_cache_that_is_cut_off_is_as_good_as_none()
    {
        byte[] cache = File.ReadAllBytes("/etc/ld.so.cache");
        foreach (int length in (int[])[0, 10, 30, 48, 60, 1000])
            LinkerCache.Parse(cache.AsSpan(0, length)).Count.Should().Be(0);
    }

    [Fact]
    public void Configured_directories_come_in_order_with_those_of_included_files_where_they_stand()
    {
        Directory.CreateDirectory(Path.Combine(directory, "conf.d"));
        File.WriteAllText(Path.Combine(directory, "conf.d/b.conf"), "/b1 /b2 # both\n");
        File.WriteAllText(Path.Combine(directory, "conf.d/a.conf"), "include ../ld.so.conf\n/a/\n"); // includes itself by way of the other
        File.WriteAllText(Path.Combine(directory, "conf.d/c.txt"), "/not-included\n");
        File.WriteAllText(Path.Combine(directory, "ld.so.conf"), "# comment\n/first\ninclude conf.d/*.conf\nhwcap 1 nosegneg\n/last=libc6\n");
        string[] directories = [.. LinkerConfiguration.ReadDirectories(Path.Combine(directory, "ld.so.conf")).Distinct()];
        directories.Should().BeEquivalentTo(["/first", "/a", "/b1", "/b2", "/last"]);
        Array.IndexOf(directories, "/first").Should().Be(0);
        LinkerConfiguration.ReadDirectories(Path.Combine(directory, "none")).Should().BeEmpty();
    }
}
