/** What the demo's program prints, drawn for ASCII terminals. */
export const cow: string = String.raw`
   ________________________________
  ( Pulled straight from a bucket. )
   --------------------------------
         \   ^__^
          \  (oo)__________
             (__)          )\
                 ||---w---|| *
                 ||  \_/  ||
`.slice(1);
