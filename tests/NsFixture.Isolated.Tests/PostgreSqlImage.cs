using System.Diagnostics;

namespace NsFixture.Isolated.Tests;

/// <summary>
/// An OCI archive with nothing but PostgreSQL in it, built by podman in a mount namespace of its own, beside the test assembly, when a test first
/// asks for it. An ordinary user's podman is root of a user namespace.
/// </summary>
internal static class PostgreSqlImage
{
    /// <summary>What PostgreSQL's programs open by themselves, beside the libraries that ldd lists: the rest of 44 MB is bitcode, and programs for clients.</summary>
    private const string Script = """
        set -e
        mount --make-rprivate /
        umount /sys/fs/cgroup/unified 2>/dev/null || true
        mount -t tmpfs none /run
        mount -t tmpfs none /dev/shm
        version=${programs#/usr/lib/postgresql/}; version=${version%/bin}
        mkdir -p files/bin files/etc files/tmp "files$programs" "files/usr/lib/postgresql/$version/lib" files/usr/share/postgresql files/usr/share/zoneinfo
        chmod 1777 files/tmp
        cp /bin/sh files/bin/sh
        cp "$programs/postgres" "$programs/initdb" "files$programs"
        cp "/usr/lib/postgresql/$version/lib/plpgsql.so" "/usr/lib/postgresql/$version/lib/dict_snowball.so" "files/usr/lib/postgresql/$version/lib"
        cp -rL "/usr/share/postgresql/$version" files/usr/share/postgresql
        echo 'root:x:0:0:root:/root:/bin/sh
        postgres:x:70:70::/var/lib/postgresql:/bin/sh' | sed 's/^ *//' > files/etc/passwd
        echo 'root:x:0:
        postgres:x:70:' | sed 's/^ *//' > files/etc/group
        ldd /bin/sh "files$programs/"* "files/usr/lib/postgresql/$version/lib/"*.so | grep -o '/[^ :]*' | grep -v '^files' | grep '\.so' | sort -u | while read -r library; do
            mkdir -p "files${library%/*}"; cp -L "$library" "files$library"
        done
        tar -C files -c . | $podman import --change 'USER postgres' --change "ENV PATH=$programs:/bin" --change 'ENV PGDATA=/var/lib/postgresql/data' \
            --change 'ENTRYPOINT ["postgres"]' --change 'CMD ["-c", "listen_addresses=*", "-c", "fsync=off", "-k", "/tmp"]' - localhost/postgresql:tested
        $podman save --format oci-archive -o image.tar localhost/postgresql:tested
        """;

    public static string Path => RootTestTrees.Made("postgresql.tar", Build);

    private static void Build(string path)
    {
        Programs.Require("podman", "podman");
        string programs = System.IO.Path.GetDirectoryName(Programs.PostgreSql("postgres"))!;
        string directory = Directory.CreateTempSubdirectory("podman-").FullName;
        try
        {
            File.WriteAllText(directory + "/containers.conf", Podman.Configuration);
            File.WriteAllText(directory + "/build.sh", Script);
            string[] own = Environment.IsPrivilegedProcess ? [] : ["--map-root-user"];
            using var build = Process.Start(new ProcessStartInfo("unshare", [.. own, "--mount", "--ipc", "bash", "build.sh"])
            {
                WorkingDirectory = directory,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["CONTAINERS_CONF"] = directory + "/containers.conf", ["podman"] = Podman.CommandIn(directory), ["programs"] = programs },
            })!;
            Task<string> output = build.StandardOutput.ReadToEndAsync(), errors = build.StandardError.ReadToEndAsync();
            build.WaitForExit();
            if (build.ExitCode != 0)
                throw new InvalidOperationException($"podman could not build an image of PostgreSQL: {errors.Result}{output.Result}");
            File.Move(directory + "/image.tar", path);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
