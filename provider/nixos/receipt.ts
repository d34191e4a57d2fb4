import type { DiskContent } from "../host/disk-content";
import { parseReceipt, type Receipt } from "../host/receipt";

/** It lives in the installer's RAM, and moves to the disk with the installed system. */
export interface InstallReceipt extends Receipt {
  /** Hash of machine, layout, disks and trigger: which install this is. */
  installKey: string;
  /** The disks as the old system saw them: what the installer must find again before it wipes them. */
  disks: ReceiptDisk[];
  done: string[];
  /** disko was started: from then on nobody can expect what was on the disks before. */
  wiping?: boolean;
}

export interface ReceiptDisk {
  device: string;
  serial: string;
  wwn: string;
  sizeBytes: number;
  /** Not in receipts of older versions. */
  model?: string;
  holds?: string;
  content?: DiskContent;
}

/** One that another kind of host left is of no install, and foreign all the same. */
export function parseInstallReceipt(json: string): InstallReceipt | undefined {
  return parseReceipt(json, (written) => {
    const { installKey = "", disks = [], done = [], wiping } = written as Partial<InstallReceipt>;
    return { installKey, disks, done, ...(wiping === true ? { wiping } : {}) };
  });
}
