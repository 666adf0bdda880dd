using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;

namespace NsFixture.Roots.Archives;

/// <summary>Where the files of a plain tar archive lie, so that they can be read in another order than they come in.</summary>
internal sealed class ImageIndex : IDisposable
{
    private const int MaxEntries = 100_000, MaxLinks = 10, MaxDocument = 16 << 20;
    private readonly Dictionary<string, (long Start, long Length, string? Link)> entries = [];
    private readonly SafeFileHandle file = null!;
    private readonly string path;


    /// <exception cref="RootTreeException">It cannot be read, or is no tar archive.</exception>
    public ImageIndex(string path)
    {
        this.path = path;
        try
        {
            file = File.OpenHandle(path);
            using var stream = new SectionStream(file, 0, RandomAccess.GetLength(file));
            if (RandomAccess.GetLength(file) == 0)
                throw new RootTreeException($"The image archive {path} is empty.");
            using var reader = new TarReader(stream, leaveOpen: true);
            while (reader.GetNextEntry() is { } entry)
            {
                if (entries.Count > MaxEntries)
                    throw new RootTreeException($"The image archive {path} has more than {MaxEntries} files.");
                string name = Normalized(entry.Name);
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                    entries[name] = (entry.DataOffset, entry.Length, null);
                else if (entry.EntryType is TarEntryType.SymbolicLink)
                    entries[name] = (0, 0, Normalized(Path.Combine(Path.GetDirectoryName(name) ?? "", entry.LinkName)));
                else if (entry.EntryType is TarEntryType.HardLink)
                    entries[name] = (0, 0, Normalized(entry.LinkName));
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or OverflowException or ArgumentException or NotSupportedException)
        {
            file?.Dispose();
            throw new RootTreeException($"The image archive {path} is no tar archive, or is truncated: {e.Message} It must not be compressed as a whole; its layers may be.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RootTreeException($"The image archive {path} cannot be read: {e.Message}", e);
        }
    }

    public bool Has(string name) => Find(name) != null;

    /// <summary>A file's content as a stream.</summary>
    /// <exception cref="RootTreeException">There is none of that name.</exception>
    public Stream Open(string name) => Find(name) is { } entry ? new SectionStream(file, entry.Start, entry.Length)
        : throw new RootTreeException($"The image archive {path} lacks \"{name}\", which its manifest names: it is truncated, or not whole.");

    /// <summary>A small file's content.</summary>
    /// <exception cref="RootTreeException">There is none of that name, or it is far too large.</exception>
    public byte[] Read(string name)
    {
        using Stream stream = Open(name);
        if (stream.Length > MaxDocument)
            throw new RootTreeException($"The image archive {path} has {stream.Length} bytes of \"{name}\", where at most {MaxDocument} make sense.");
        var bytes = new byte[stream.Length];
        try
        {
            stream.ReadExactly(bytes);
        }
        catch (EndOfStreamException e)
        {
            throw new RootTreeException($"The image archive {path} is truncated within \"{name}\".", e);
        }
        return bytes;
    }

    public void Dispose() => file.Dispose();

    private (long Start, long Length)? Find(string name)
    {
        for (int links = 0; links < MaxLinks && entries.TryGetValue(name, out var entry); links++)
        {
            if (entry.Link == null)
                return (entry.Start, entry.Length);
            name = entry.Link;
        }
        return null;
    }

    // Names of an archive's own index: where one leads decides only which of its parts is read.
    private static string Normalized(string name) => Path.GetFullPath("/" + name)[1..];
}
