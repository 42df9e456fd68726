/** For tests of whatever speaks TCP: a proxy that breaks connections. */
export {
  type ProxyDirection,
  type ServerAddress,
  startProxy,
  type TcpProxy,
} from './proxy/tcp-proxy.ts'
