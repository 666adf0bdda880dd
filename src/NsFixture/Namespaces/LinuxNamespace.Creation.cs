namespace NsFixture;

public sealed partial class LinuxNamespace
{
    /// <summary>
    /// Makes namespaces that nobody is in. They are owned by the new user namespace if there is one, in which the caller is uid 0 and gid 0; that is what an ordinary user takes. A
    /// pid namespace is not to be had without its process 1: <see cref="NamespaceCommand.WithNew"/> makes one.
    /// </summary>
    /// <param name="types">Their types.</param>
    /// <returns>One of each type, in the order of their names in /proc/PID/ns.</returns>
    /// <exception cref="NamespaceException">The kernel refused; nothing was made.</exception>
    public static IReadOnlyList<LinuxNamespace> Create(NamespaceTypes types)
    {
        if ((types & NamespaceTypes.Pid) != 0)
            throw new ArgumentException($"A pid namespace has to have a process 1, without which it cannot be entered: start one with {nameof(NamespaceCommand)}, {nameof(NamespaceCommand.WithNew)} and {nameof(NamespaceCommand.WithFork)}.", nameof(types));
        var made = new List<LinuxNamespace>();
        var command = new NamespaceCommand("nobody").WithNew(types);
        if ((types & NamespaceTypes.User) != 0)
            command = command.WithMappedRoot();
        try
        {
            command.StartEmpty(process =>
            {
                foreach (NamespaceTypes type in NamespaceTypeNames.Each(types))
                    made.Add(Open($"/proc/{process.Id}/ns/{NamespaceTypeNames.Name(type)}{(type == NamespaceTypes.Time ? "_for_children" : "")}"));
            });
            return made;
        }
        catch
        {
            foreach (LinuxNamespace each in made)
                each.Dispose();
            throw;
        }
    }
}
