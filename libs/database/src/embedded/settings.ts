/**
 * Settings for a small server beside the application. Given on the command line at each start, so that
 * a newer version of Holdline brings its own and nobody's edit of the files can open the server.
 */
export function settings(
  port: number,
  durable: boolean,
  maxConnections: number,
): readonly string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '64MB',
    work_mem: '8MB',
    max_wal_size: '256MB',
    max_parallel_workers_per_gather: 0,
    io_method: 'sync',
    jit: 'off',
    // What was committed is on disk.
    fsync: durable ? 'on' : 'off',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
    log_connections: '',
    // Statements stay out of the log: they may carry what people wrote.
    log_min_error_statement: 'panic',
    log_parameter_max_length: 0,
    log_parameter_max_length_on_error: 0,
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
