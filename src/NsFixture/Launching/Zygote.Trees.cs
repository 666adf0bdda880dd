using NsFixture.Linux;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Launching;

/// <summary>
/// Trees in the cache whose files belong to an ordinary user's subordinate ids. Outside, that user may neither give them away nor remove them;
/// the zygote, which has these ids, may do both. In a child, since a tree may be large.
/// </summary>
internal sealed partial class Zygote
{
    private void TendTree(byte[] message)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        int id = reader.Int32();
        string tree = Staging.Host + reader.Text(), owners = reader.Text();
        int pid = Clone.Fork(0, out int pidFd);
        if (pid > 0)
        {
            children.Add(new Child(id, pid, pidFd, Spec: null));
            return;
        }
        _ = Libc.Prctl(PrctlOptions.PR_SET_PDEATHSIG, SignalNumbers.SIGKILL, 0, 0, 0);
        int unknown = 0;
        string? problem = null;
        try
        {
            if (owners.Length == 0)
                TreeRemoval.Remove(tree);
            else
                unknown = TreeOwners.Give(tree, Staging.Host + owners);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }
        UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.TreeTended).Int32(id).Int32(unknown).String(problem).Written);
        Libc.Exit(0);
    }
}
