using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture;

public sealed partial class VirtualHost
{
    /// <summary>
    /// What was written to the root tree that this host has of its own (<c>WithRoot</c>), by path. What the sandbox's own tree has, which the
    /// other hosts share, <see cref="IsolatedNetwork.Changes"/> tells.
    /// </summary>
    /// <exception cref="InvalidOperationException">It has none of its own.</exception>
    public IReadOnlyList<SandboxChange> Changes() => roots?.Of(host.Index) == null
        ? throw new InvalidOperationException($"Host \"{Name}\" has no root tree of its own: give it one by WithRoot, or ask IsolatedNetwork.Current.Changes() for the sandbox's.")
        : SandboxChange.List(init.OpenLayers(host.Index), alsoRoot: false);

    /// <summary>
    /// What the image that this host's root tree was made from is to run: its entry point, with the environment, in the working
    /// directory, and as the user, that it names.
    /// </summary>
    /// <param name="arguments">Take the place of those that the image names.</param>
    /// <exception cref="InvalidOperationException">Its tree is no image, or the image names nothing to run.</exception>
    public HostCommand ImageCommand(params string[] arguments)
    {
        RootSpec? root = roots?.Of(host.Index) ?? roots?.Sandbox;
        if (root?.Image is not { } image)
            throw new InvalidOperationException($"Host \"{Name}\" has no image for its root tree: give it one by WithRoot(RootTree.FromImage(…)).");
        string[] command = [.. image.EntryPoint, .. arguments.Length > 0 ? arguments : image.Command];
        if (command.Length == 0)
            throw new InvalidOperationException($"The image of host \"{Name}\" names nothing to run: use Command(\"program\").");
        HostCommand made = WithEnvironment(Command(command[0]), image).WithArguments(command[1..]);
        made = made.WithWorkingDirectory(image.WorkingDirectory);
        return image.User.Length == 0 ? made : made.AsUser(image.User);
    }

    // Only what the image says, as container engines have it: the test host's PATH and HOME mean nothing in there.
    private static HostCommand WithEnvironment(HostCommand command, ImageConfiguration image)
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys)
            command = command.WithEnvironmentVariable(name, null);
        foreach (string[] variable in image.Environment.Select(e => e.Split('=', 2)).Where(e => e.Length == 2))
            command = command.WithEnvironmentVariable(variable[0], variable[1]);
        return command;
    }
}
