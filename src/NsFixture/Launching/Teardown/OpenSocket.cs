using System.Net.Sockets;

namespace NsFixture.Launching;

/// <summary>A socket that a test has left open, in words. Not compiled ahead: most tests leave none, and the library it takes would make each fork slower.</summary>
internal static class OpenSocket
{
    public static string Describe(int fd)
    {
        try
        {
            using var socket = new Socket(new SafeSocketHandle(fd, ownsHandle: false));
            string kind = socket.SocketType == SocketType.Stream ? "TCP" : socket.SocketType == SocketType.Dgram ? "UDP" : "raw";
            bool listens = socket.SocketType == SocketType.Stream && (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection)! != 0;
            string state = listens ? " that listens" : socket.Connected ? $", connected to {socket.RemoteEndPoint}" : "";
            return $"a {kind} socket at {socket.LocalEndPoint}{state}";
        }
        catch (SocketException e)
        {
            return $"a socket ({e.Message})"; // its peer has gone meanwhile
        }
    }
}
