using System.Runtime.ExceptionServices;
using NsFixture.Linux;

namespace NsFixture;

public sealed partial class LinuxNamespace
{
    /// <summary>
    /// Runs code in it, on a thread of its own (setns(2)), and waits for it. The rest of the process stays where it is, and so does whatever the code has others do: tasks,
    /// timers, thread pool. Sockets that it makes belong to the namespace for good. Of a pid or time namespace, it is the children that are inside.
    /// </summary>
    /// <param name="code">What to run.</param>
    /// <exception cref="NamespaceException">
    /// It is a user or time namespace, which a process with several threads, as every .NET process is, cannot enter; or this process may not.
    /// </exception>
    public void Run(Action code)
    {
        ArgumentNullException.ThrowIfNull(code);
        Run([this], () => { code(); return 0; });
    }

    /// <summary>Runs code in it and returns what it returns (<see cref="Run(Action)"/>).</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="code">What to run.</param>
    /// <exception cref="NamespaceException">As <see cref="Run(Action)"/>.</exception>
    public T Run<T>(Func<T> code) => Run([this], code);

    /// <summary>Runs code in several namespaces of different types at once (<see cref="Run(Action)"/>).</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="namespaces">One of each type at most.</param>
    /// <param name="code">What to run.</param>
    /// <exception cref="NamespaceException">As <see cref="Run(Action)"/>; the code has not run.</exception>
    public static T Run<T>(IReadOnlyList<LinuxNamespace> namespaces, Func<T> code)
    {
        ArgumentNullException.ThrowIfNull(namespaces);
        ArgumentNullException.ThrowIfNull(code);
        if (namespaces.GroupBy(n => n.Type).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"A thread is in one {twice.Key} namespace, not in {string.Join(" and ", twice)}: give one.", nameof(namespaces));
        if (namespaces.FirstOrDefault(n => n.Type == NamespaceTypes.User) is { } user)
            throw new NamespaceException($"{user} cannot be entered by a thread: the kernel lets only a process with a single thread change its user namespace, and .NET has several. Enter it with a command ({nameof(NamespaceCommand)}), which is a process of its own.");
        if (namespaces.FirstOrDefault(n => n.Type == NamespaceTypes.Time) is { } time)
            throw new NamespaceException($"{time} cannot be entered by a thread: the kernel lets only a process with a single thread change its time namespace, and .NET has several. Enter it with a command ({nameof(NamespaceCommand)}), which is a process of its own.");
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                EnterAll(namespaces);
                result = code();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = string.Join(", ", namespaces) };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    // The mount namespace last: it takes the capability over the old one as well. And no thread may enter one that shares its working directory with others.
    private static void EnterAll(IReadOnlyList<LinuxNamespace> namespaces)
    {
        foreach (LinuxNamespace each in namespaces.OrderBy(n => n.Type == NamespaceTypes.Mount))
        {
            if (each.Type == NamespaceTypes.Mount && Libc.Unshare((int)Sched.CLONE_FS) != 0)
                throw new NamespaceException($"{each} cannot be entered. ({LinuxException.Last("unshare", "the working directory").Message})");
            if (Libc.SetNs(each.Descriptor, (int)each.Type) == 0)
                continue;
            var refusal = LinuxException.Last("setns", each.ToString());
            throw new NamespaceException(refusal.Errno == Err.EPERM
                ? $"{each} may not be entered by a thread of this process, which lacks CAP_SYS_ADMIN over the user namespace that owns it, or over its own (setns(2)): run as root; run the code in a sandbox, where everybody has it; or enter it with a command ({nameof(NamespaceCommand)}), together with that user namespace. ({refusal.Message})"
                : $"{each} cannot be entered. ({refusal.Message})", refusal);
        }
    }
}
