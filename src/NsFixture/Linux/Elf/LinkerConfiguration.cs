using System.IO.Enumeration;

namespace NsFixture.Linux.Elf;

/// <summary>The directories that <c>/etc/ld.so.conf</c> names for ldconfig(8), those of included files where they stand.</summary>
internal static class LinkerConfiguration
{
    private const int MaxDepth = 10;

    /// <summary>Reads the file and what it includes; empty where there is none.</summary>
    public static List<string> ReadDirectories(string path)
    {
        var directories = new List<string>();
        Read(path, directories, 0);
        return directories;
    }

    private static void Read(string path, List<string> directories, int depth)
    {
        if (depth > MaxDepth || !File.Exists(path))
            return;
        foreach (string raw in File.ReadLines(path))
        {
            string line = raw.Split('#', 2)[0].Trim();
            string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["include", ..])
            {
                foreach (string included in words.Skip(1).SelectMany(pattern => Matching(Path.Combine(Path.GetDirectoryName(path)!, pattern))))
                    Read(included, directories, depth + 1);
            }
            else if (words is not ["hwcap", ..])
            {
                // Several may stand in a line; "directory=type" is how libc5's were marked.
                foreach (string directory in line.Split((char[])[' ', '\t', ',', ':'], StringSplitOptions.RemoveEmptyEntries).Select(d => d.Split('=')[0]))
                    if (directory.StartsWith('/'))
                        directories.Add(directory.Length > 1 ? directory.TrimEnd('/') : directory);
            }
        }
    }

    private static IEnumerable<string> Matching(string pattern)
    {
        string directory = Path.GetDirectoryName(pattern)!, name = Path.GetFileName(pattern);
        return !Directory.Exists(directory) ? []
            : Directory.GetFiles(directory).Where(f => FileSystemName.MatchesSimpleExpression(name, Path.GetFileName(f), ignoreCase: false)).Order(StringComparer.Ordinal);
    }
}
